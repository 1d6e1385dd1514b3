"""Refusals as FastAPI's exceptions, and the answer to them that the middleware would give.

What lives only here: how a dependency, which cannot answer itself, has its refusal answered. What
it does not know: why something is refused.
"""

from collections.abc import Awaitable, Callable
from typing import Final, cast

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket, WebSocketException
from fastapi.requests import HTTPConnection
from starlette.websockets import WebSocketState

from asgi_jwks.asgi.challenge import Refusal
from asgi_jwks.asgi.guards import RefusalResponse, refusal_of
from asgi_jwks.asgi.responses import POLICY_VIOLATION
from asgi_jwks.errors import RequestError, TemporarilyUnavailable

__all__ = ["answer_refusals", "refused"]


class _RefusedRequest(HTTPException):
    """A refusal that even an application without `attach` answers with the right status."""

    def __init__(self, refusal: Refusal, description: str) -> None:
        # Those of the content are the body's that FastAPI makes.
        fields = {
            name.decode(): value.decode()
            for name, value in refusal.headers
            if not name.startswith(b"content-")
        }
        super().__init__(refusal.status, description, fields)
        self.refusal: Final = refusal


class _RefusedWebSocket(WebSocketException):
    """The same for a WebSocket."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(POLICY_VIOLATION)
        self.refusal: Final = refusal


def answer_refusals(app: FastAPI) -> None:
    """Have refusals, and errors of this package that endpoints raise, answered as they should."""
    # Starlette types the two kinds of connection apart; one answer serves both.
    answer = cast("Callable[[Request, Exception], Awaitable[Response]]", _answer)
    for kind in (_RefusedRequest, _RefusedWebSocket, RequestError, TemporarilyUnavailable):
        app.add_exception_handler(kind, answer)


def refused(connection: HTTPConnection, error: RequestError | TemporarilyUnavailable) -> Exception:
    """The exception to raise in a dependency."""
    refusal = refusal_of(connection, error)
    if connection.scope["type"] == "websocket":
        return _RefusedWebSocket(refusal)
    phrase = error.reason.phrase if isinstance(error, RequestError) else "Try again later"
    return _RefusedRequest(refusal, phrase)


async def _answer(
    connection: HTTPConnection,
    error: _RefusedRequest | _RefusedWebSocket | RequestError | TemporarilyUnavailable,
) -> RefusalResponse | None:
    """FastAPI's exception handler for refusals, of requests as of WebSockets."""
    if isinstance(error, RequestError | TemporarilyUnavailable):
        response = RefusalResponse(refusal_of(connection, error))
    else:
        response = RefusalResponse(error.refusal)
    if not isinstance(connection, WebSocket):
        return response
    if connection.application_state is WebSocketState.CONNECTED:
        await connection.close(POLICY_VIOLATION)
    else:
        await response(connection.scope, connection.receive, connection.send)
    return None
