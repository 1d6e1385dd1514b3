"""`asgi-jwks demo`: a mock issuer, a protected API, and requests with good and bad tokens."""
