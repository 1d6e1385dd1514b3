"""The room of RFC 6750 on ASGI: connections in, answers out.

Token sources, challenges, the middleware and the guards of endpoints are here. It does not know the
rules of a valid token, nor where keys come from.
"""
