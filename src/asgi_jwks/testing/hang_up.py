"""`HangUp`: an ASGI application drops the connection in the middle of its answer.

The faults of the mock issuer raise it; the server and the in-process client of this room turn it
into a closed connection.
"""

__all__ = ["HangUp"]


class HangUp(Exception):
    """The application drops the connection; servers of this room close the socket for it."""
