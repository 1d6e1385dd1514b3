"""Django's ASGI application: `requires` for views, and the answers to errors that views raise.

    from asgi_jwks.integrations.django import requires

    @requires("read:messages")
    async def messages(request): ...

The middleware names the scopes that views declare in this way, in its challenges and metadata.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Unpack

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, resolve
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from asgi_jwks.asgi.declared import needs_of_endpoint, needs_together
from asgi_jwks.asgi.guards import RouteGuard
from asgi_jwks.asgi.guards import requires as route_guard
from asgi_jwks.asgi.identity import Anonymous
from asgi_jwks.asgi.route_refusals import refusal_of
from asgi_jwks.asgi.route_tables import add_table, path_within
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.requirement_parts import RequirementOptions
from asgi_jwks.errors import ConfigurationError, RequestError, TemporarilyUnavailable
from asgi_jwks.integrations.view_guard import ViewGuard
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["AnswerRefusals", "require_jwt_bearer", "requires"]


def requires(*demands: str | Requirement, **options: Unpack[RequirementOptions]) -> "_Guard":
    """Demand more of a view's access token than that it is valid; see `asgi_jwks.requires`.

    It takes functions, async or not, methods of class-based views, and what `as_view()` returns.

    Raises:
        ConfigurationError: nothing is required, a part is of the wrong form, or no token could
            meet all of it.
    """
    return _Guard(route_guard(*demands, **options))


class _Guard(ViewGuard):
    def guarded(self, view: Callable[..., Any], guard: RouteGuard) -> Callable[..., Any]:
        @functools.wraps(view)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            scope = _scope(args)
            try:
                await guard.enforce(scope)
            except (RequestError, TemporarilyUnavailable) as error:
                return _response(scope, error)
            return await view(*args, **kwargs)

        @functools.wraps(view)
        def guarded_in_thread(*args: Any, **kwargs: Any) -> Any:
            scope = _scope(args)
            try:
                if guard.requirement.conditions:
                    async_to_sync(guard.enforce)(scope)
                else:
                    guard.check_scope(scope)
            except (RequestError, TemporarilyUnavailable) as error:
                return _response(scope, error)
            return view(*args, **kwargs)

        return guarded if iscoroutinefunction(view) else guarded_in_thread


@sync_and_async_middleware
def require_jwt_bearer(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    """Refuses requests that JWTBearerMiddleware has not looked at, such as those of WSGI.

    MIDDLEWARE = ["asgi_jwks.integrations.django.require_jwt_bearer", ...]

    `manage.py runserver` and servers of `wsgi.py` go past `asgi.py`, and every view would be open.
    Public paths pass. Each other request is an error of the application.
    """

    async def middleware(request: HttpRequest) -> Any:
        _require_identity(request)
        return await get_response(request)

    def middleware_in_thread(request: HttpRequest) -> Any:
        _require_identity(request)
        return get_response(request)

    return middleware if iscoroutinefunction(get_response) else middleware_in_thread


def _require_identity(request: HttpRequest) -> None:
    scope = getattr(request, "scope", {})
    if not isinstance(scope.get("auth"), AccessToken | Anonymous):
        raise ConfigurationError(
            "the request did not come through JWTBearerMiddleware, which is around Django in "
            "asgi.py: serve that by an ASGI server, such as uvicorn shop.asgi:application, in the "
            "place of runserver and wsgi.py, and test it by "
            "starlette.testclient.TestClient(application)."
        )


class AnswerRefusals(MiddlewareMixin):
    """Answers errors of this package that views raise as the middleware around Django answers.

    MIDDLEWARE = ["asgi_jwks.integrations.django.AnswerRefusals", ...]
    """

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django asks it for each exception of a view; None leaves one to others."""
        if isinstance(error, RequestError | TemporarilyUnavailable):
            return _response(_scope((request,)), error)
        return None


def _scope(arguments: Iterable[object]) -> Mapping[str, Any]:
    for argument in arguments:
        if isinstance(argument, ASGIRequest):
            return argument.scope
    raise TypeError(
        "the view was called without a request of Django's ASGI application, which "
        "JWTBearerMiddleware is around; under WSGI no token is verified. In tests write "
        "starlette.testclient.TestClient(application) in the place of Django's own client"
    )


def _response(
    scope: Mapping[str, Any], error: RequestError | TemporarilyUnavailable
) -> HttpResponse:
    refusal = refusal_of(scope, error)
    # Django keeps one field of a name: RFC 9110, section 5.3, lets challenges be one list.
    fields: dict[str, str] = {}
    for name, value in refusal.headers:
        text = value.decode("ascii")
        key = name.decode("ascii")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return HttpResponse(refusal.body, status=refusal.status, headers=fields)


class _Table:
    """The URLs of Django's one application, by its ROOT_URLCONF."""

    def knows(self, app: object) -> bool:
        return isinstance(app, ASGIHandler)

    def is_imported(self, _app: object) -> bool:
        return settings.ROOT_URLCONF in sys.modules

    def routes(self, _app: object) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
        return _below(get_resolver().url_patterns, "/")

    def needs_at(self, _app: object, scope: Mapping[str, Any]) -> Iterator[Requirement]:
        script: str | None = settings.FORCE_SCRIPT_NAME
        within = scope if script is None else {**scope, "root_path": script}
        found = resolve(path_within(within))
        yield from needs_of_endpoint(found.func, scope.get("method"))


def _below(patterns: Iterable[Any], path: str) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
    for entry in patterns:
        below = path + str(entry.pattern).removeprefix("^")
        inner = getattr(entry, "url_patterns", None)
        if inner is not None:
            yield from _below(inner, below)
        else:
            for needs in needs_together(entry.callback):
                yield below, needs


add_table(_Table())
