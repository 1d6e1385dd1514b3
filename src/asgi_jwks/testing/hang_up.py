"""`HangUp`: an ASGI application drops the connection in the middle of its answer.

What lives only here: the exception that the mock issuer's faults raise, and that the server and
the in-process client of this room turn into a closed connection.
"""

__all__ = ["HangUp"]


class HangUp(Exception):
    """The application drops the connection; servers of this room close the socket for it."""
