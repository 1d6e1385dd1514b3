"""The room of access tokens: what a valid one is (RFC 7519, RFC 8725, RFC 9068).

What lives only here: the rules, the procedure, the memory of verified tokens, the trusted issuers.
What it does not know: HTTP, and how keys are had: it sees them through the Protocol `KeySource`.
"""
