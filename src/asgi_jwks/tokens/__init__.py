"""The room of access tokens and their rules (RFC 7519, RFC 8725, RFC 9068).

Only here: the rules, the procedure, the memory of verified tokens, the trusted issuers.
It does not know HTTP, and how keys are had: it sees them through the Protocol `KeySource`.
"""
