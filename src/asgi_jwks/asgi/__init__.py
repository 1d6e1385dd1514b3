"""The room of RFC 6750 on ASGI: from a connection to a token, and from an error to an answer.

What lives only here: token sources, challenges, the middleware, authorization per endpoint.
What it does not know: what makes a token valid, and where keys come from.
"""
