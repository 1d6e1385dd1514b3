"""The room of authorization: the needs of a route, as one value.

It knows no ASGI and no web framework.
"""
