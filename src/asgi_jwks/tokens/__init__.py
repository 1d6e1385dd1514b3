"""The room of access tokens and their rules (RFC 7519, RFC 8725, RFC 9068).

The rules, the procedure, the memory of verified tokens and the trusted issuers are here. It does
not know HTTP, nor where keys come from: it sees them through the Protocol `KeySource`.
"""
