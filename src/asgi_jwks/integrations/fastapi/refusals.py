"""Refusals as FastAPI's exceptions, and the answer to them that the middleware would give.

A dependency cannot answer itself: it raises, and a handler of the application answers. It does not
know why something is refused.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket, WebSocketException
from fastapi.exception_handlers import http_exception_handler
from fastapi.requests import HTTPConnection
from starlette.websockets import WebSocketState

from asgi_jwks.asgi.challenge import Refusal
from asgi_jwks.asgi.refusal_content import UNAVAILABLE
from asgi_jwks.asgi.responses import POLICY_VIOLATION
from asgi_jwks.asgi.route_refusals import RefusalResponse, refusal_of
from asgi_jwks.asgi.types import Scope
from asgi_jwks.errors import RequestError, TemporarilyUnavailable

__all__ = ["answer_refusals", "answer_refusals_here", "refused"]


class _RefusedRequest(HTTPException):
    """A refusal that handlers for any HTTPException answer with the right status as well."""

    def __init__(self, refusal: Refusal, description: str) -> None:
        # Those of the content are the body's that a handler makes.
        fields: dict[str, str] = {}
        for name, value in refusal.headers:
            if not name.startswith(b"content-"):
                # RFC 9110, section 5.3: two challenges become one list.
                before = f"{fields[name.decode()]}, " if name.decode() in fields else ""
                fields[name.decode()] = before + value.decode()
        super().__init__(refusal.status, description, fields)
        self.refusal: Final = refusal


class _RefusedWebSocket(WebSocketException):
    """The same for a WebSocket."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(POLICY_VIOLATION)
        self.refusal: Final = refusal


_ANSWERED: Final = (_RefusedRequest, _RefusedWebSocket, RequestError, TemporarilyUnavailable)


def answer_refusals(app: FastAPI) -> None:
    """Have refusals, and errors of this package that endpoints raise, answered as they should."""
    # Starlette types the two kinds of connection apart; one answer serves both.
    answer = cast("Callable[[Request, Exception], Awaitable[Response]]", _answer)
    for kind in _ANSWERED:
        app.add_exception_handler(kind, answer)


def answer_refusals_here(scope: Scope) -> None:
    """The same for the application that a connection has reached, such as a mounted one.

    Where it has a handler of its own for HTTPException, that one answers.
    """
    # ExceptionMiddleware puts its handlers there, for those that wrap endpoints.
    handlers: dict[Any, Any] = scope.get("starlette.exception_handlers", ({}, {}))[0]
    if next((handlers[kind] for kind in _RefusedRequest.__mro__ if kind in handlers), None) is (
        http_exception_handler
    ):
        for kind in _ANSWERED:
            handlers.setdefault(kind, _answer)


def refused(
    connection: HTTPConnection, error: RequestError | TemporarilyUnavailable, refusal: Refusal
) -> Exception:
    """The exception to raise in a dependency."""
    if connection.scope["type"] == "websocket":
        return _RefusedWebSocket(refusal)
    phrase = error.reason.phrase if isinstance(error, RequestError) else UNAVAILABLE.description
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
