"""The room of authorization: what a route needs of a token, as one value.

It knows no ASGI and no web framework.
"""
