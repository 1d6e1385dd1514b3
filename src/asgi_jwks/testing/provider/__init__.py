"""The mock identity provider: keys, tokens, accounts, grants, and endpoints that fail on demand."""
