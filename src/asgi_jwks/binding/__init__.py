"""The room of sender-constrained tokens (RFC 7800, RFC 8705, RFC 9449).

It decides by values: a method, a URL, header fields, a certificate, and `now`. It does not know
ASGI, and nothing here does any input or output but the replay stores that a caller gives.
"""
