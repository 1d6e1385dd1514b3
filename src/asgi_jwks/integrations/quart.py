"""Quart: `requires` for views, which have no argument with the request.

    from asgi_jwks.integrations.quart import requires

    @app.get("/messages")
    @requires("read:messages")
    async def messages(): ...

The middleware names the scopes that views declare in this way, in its challenges and metadata.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Unpack, cast

from quart import Quart, Response, current_app, has_websocket_context, request, websocket

from asgi_jwks.asgi.challenge import Refusal
from asgi_jwks.asgi.declared import needs_of_endpoint, needs_together
from asgi_jwks.asgi.guards import RouteGuard
from asgi_jwks.asgi.guards import requires as route_guard
from asgi_jwks.asgi.responses import POLICY_VIOLATION
from asgi_jwks.asgi.route_refusals import refusal_of
from asgi_jwks.asgi.route_tables import add_table, path_within
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.requirement_parts import RequirementOptions
from asgi_jwks.errors import ConfigurationError, RequestError, TemporarilyUnavailable
from asgi_jwks.integrations.view_guard import ViewGuard

__all__ = ["answer_refusals", "requires"]


def requires(*demands: str | Requirement, **options: Unpack[RequirementOptions]) -> "_Guard":
    """Demand more of a view's access token than that it is valid; see `asgi_jwks.requires`.

    It is written below the route, so that the route has the guarded view.

    Raises:
        ConfigurationError: nothing is required, a part is of the wrong form, or no token could
            meet all of it.
    """
    return _Guard(route_guard(*demands, **options))


def answer_refusals(app: Quart) -> None:
    """Have errors of this package that views raise answered as the middleware answers.

    Raises:
        ConfigurationError: `app` is not a Quart application.
    """
    if not isinstance(app, Quart):
        raise ConfigurationError(
            f"answer_refusals() is for a Quart application; got {app!r}. Write "
            "answer_refusals(app), before JWTBearerMiddleware is put around it."
        )
    for kind in (RequestError, TemporarilyUnavailable):
        app.register_error_handler(kind, _answer)


class _Guard(ViewGuard):
    def guarded(self, view: Callable[..., Any], guard: RouteGuard) -> Callable[..., Any]:
        @functools.wraps(view)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                await guard.enforce(_scope())
            except (RequestError, TemporarilyUnavailable) as error:
                return await _answer(error)
            # As Quart calls a view, which may be a plain function.
            return await current_app.ensure_async(view)(*args, **kwargs)

        return guarded


def _scope() -> Mapping[str, Any]:
    connection = websocket if has_websocket_context() else request
    return cast("Mapping[str, Any]", connection.scope)


async def _answer(error: RequestError | TemporarilyUnavailable) -> Response:
    scope = _scope()
    if scope["type"] == "websocket" and "websocket.http.response" not in (
        scope.get("extensions") or {}
    ):
        # Before it is accepted, a server turns this into a handshake answered with 403.
        await websocket.close(POLICY_VIOLATION)
    return _response(refusal_of(scope, error))


def _response(refusal: Refusal) -> Response:
    response = Response(refusal.body, refusal.status)
    response.headers.clear()
    for name, value in refusal.headers:
        # Each challenge has a field of its own.
        response.headers.add(name.decode("ascii"), value.decode("ascii"))
    return response


class _Table:
    """The URL map of a Quart application, those of its blueprints included."""

    def knows(self, app: object) -> bool:
        return isinstance(_application(app), Quart)

    def is_imported(self, _app: object) -> bool:
        return True

    def routes(self, app: object) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
        quart: Quart = _application(app)
        for rule in quart.url_map.iter_rules():
            for needs in needs_together(quart.view_functions.get(rule.endpoint)):
                yield rule.rule, needs

    def needs_at(self, app: object, scope: Mapping[str, Any]) -> Iterator[Requirement]:
        quart: Quart = _application(app)
        is_websocket = scope["type"] == "websocket"
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        urls = quart.url_map.bind(
            quart.config["SERVER_NAME"] or host.decode("latin-1"),
            url_scheme="ws" if is_websocket else "http",
        )
        method = scope.get("method", "GET")
        endpoint, _ = urls.match(path_within(scope), method, websocket=is_websocket)
        yield from needs_of_endpoint(quart.view_functions.get(endpoint), method)


def _application(app: object) -> Any:
    # `app.asgi_app = JWTBearerMiddleware(app.asgi_app, ...)` has a method of it.
    return getattr(app, "__self__", app)


add_table(_Table())
