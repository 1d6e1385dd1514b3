"""The room of RFC 6750 on ASGI: connections in, answers out.

Only here: token sources, challenges, the middleware, authorization per endpoint.
It does not know what makes a token valid, and where keys come from.
"""
