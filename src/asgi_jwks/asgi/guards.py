"""How endpoints refuse: as the middleware does, although it has let the request through.

What lives only here: a refusal as a Starlette response, the guarding of Starlette endpoints and of
whole applications, and `refusal_of` for the endpoints of other frameworks. What it does not know:
what an endpoint needs.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from asgi_jwks.asgi.challenge import CHALLENGES, Challenges, Refusal
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.errors import KeySetError, RequestError

__all__ = [
    "AnyASGIApp",
    "RefusalResponse",
    "guard_application",
    "guard_request",
    "guard_websocket",
    "refusal_of",
]

P = ParamSpec("P")
Connection = TypeVar("Connection", bound=HTTPConnection)

# Each framework has types of its own for ASGI; these fit all of them.
AnyASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

ScopeCheck = Callable[[Mapping[str, Any]], None]
"""Raises a RequestError where an ASGI scope does not have what an endpoint needs."""


def refusal_of(
    connection: HTTPConnection | Mapping[str, Any], error: RequestError | KeySetError
) -> Refusal:
    """How the middleware would answer this error: status, headers and body.

    For the error pages of frameworks that are not Starlette's: their endpoints raise what
    `requires(...).check_scope(scope)` raises, and this is what to answer.
    """
    scope = connection.scope if isinstance(connection, HTTPConnection) else connection
    challenges = scope.get(CHALLENGES)
    if not isinstance(challenges, Challenges):
        challenges = Challenges()
    if isinstance(error, KeySetError):
        return challenges.unavailable(error)
    return challenges.refusal(error)


class RefusalResponse(Response):
    """A refusal as a Starlette response, which travels as the middleware's own do."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.body, refusal.status)
        self.raw_headers = [*refusal.headers]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it: without content to HEAD, and by a denial response or a close to WebSockets."""
        refusal = Refusal(self.status_code, tuple(self.raw_headers), bytes(self.body))
        await refuse(refusal, scope, send)


def _connection(arguments: Iterable[object], kind: type[Connection]) -> Connection:
    for argument in arguments:
        if isinstance(argument, kind):
            return argument
    raise TypeError(f"the endpoint was called without a Starlette {kind.__name__}")


def _refused(check: ScopeCheck, connection: HTTPConnection) -> Response | None:
    try:
        check(connection.scope)
    except RequestError as error:
        return RefusalResponse(refusal_of(connection, error))
    return None


def guard_request(check: ScopeCheck, endpoint: Callable[P, Any]) -> Callable[P, Any]:
    """A Starlette endpoint, in the event loop or in a thread, that refuses what `check` does."""
    if inspect.iscoroutinefunction(endpoint):

        @functools.wraps(endpoint)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            refused = _refused(check, _connection((*args, *kwargs.values()), Request))
            return await endpoint(*args, **kwargs) if refused is None else refused

        return guarded

    @functools.wraps(endpoint)
    def guarded_in_thread(*args: P.args, **kwargs: P.kwargs) -> Any:
        refused = _refused(check, _connection((*args, *kwargs.values()), Request))
        return endpoint(*args, **kwargs) if refused is None else refused

    return guarded_in_thread


def guard_websocket(
    check: ScopeCheck, endpoint: Callable[P, Awaitable[Any]]
) -> Callable[P, Awaitable[Any]]:
    """The same for a WebSocket, before it is accepted."""

    @functools.wraps(endpoint)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        websocket = _connection((*args, *kwargs.values()), WebSocket)
        try:
            check(websocket.scope)
        except RequestError as error:
            await refuse(refusal_of(websocket, error), websocket.scope, websocket.send)
            return None
        return await endpoint(*args, **kwargs)

    return guarded


def guard_application(check: ScopeCheck, app: AnyASGIApp) -> AnyASGIApp:
    """An ASGI application that refuses for `app` what `check` does."""

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            try:
                check(scope)
            except RequestError as error:
                await refuse(refusal_of(scope, error), scope, send)
                return
        await app(scope, receive, send)

    return guarded
