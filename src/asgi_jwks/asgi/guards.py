"""Requirements of routes on ASGI: `requires`, and the guard that it makes."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Annotated, Any, Final, ParamSpec, TypeVar, Unpack

import anyio.to_thread
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from asgi_jwks.asgi.authentication import AUTHENTICATION, PUBLIC, Authentication
from asgi_jwks.asgi.authorization import DEFAULT_AUTHORIZATION, Authorization
from asgi_jwks.asgi.challenge import Refusal
from asgi_jwks.asgi.declared import Declared, declare, declared_by, expect
from asgi_jwks.asgi.identity import Anonymous, access_token
from asgi_jwks.asgi.not_a_parameter import NotAParameter
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.asgi.route_refusals import RefusalResponse, refusal_of
from asgi_jwks.asgi.types import ASGIApp
from asgi_jwks.authorization.requirement import Requirement, combined
from asgi_jwks.authorization.requirement_parts import RequirementOptions
from asgi_jwks.errors import (
    ConfigurationError,
    MissingToken,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["RouteGuard", "requires", "tell_of_public_path"]

P = ParamSpec("P")
Connection = TypeVar("Connection", bound=HTTPConnection)

_IN_DEPENDS: Final = (
    "Depends(requires(...)) has a decorator in the place of a dependency. Write "
    "Depends(bearer.requires(...)), where bearer is a JWTBearer; behind the middleware it is "
    "JWTBearer()."
)


class RouteGuard:
    """A requirement that is attached to a route, an endpoint or an application.

    Two of them on one endpoint are one: `@requires("a")` above `@requires("b")` is checked once,
    and one challenge names all that is needed.
    """

    def __init__(self, requirement: Requirement) -> None:
        self.requirement: Final = requirement
        self._is_held_against_issuers = False
        expect()

    def __and__(self, other: "RouteGuard | Requirement") -> "RouteGuard":
        if isinstance(other, RouteGuard):
            other = other.requirement
        if not isinstance(other, Requirement):
            return NotImplemented
        return RouteGuard(self.requirement & other)

    def check(self, token: AccessToken) -> None:
        """Check a token by itself, without implied scopes; see Requirement.check."""
        self.requirement.check(token)

    def check_scope(self, scope: Mapping[str, Any]) -> None:
        """Check the token of an ASGI scope, where no condition is async.

        Raises:
            MissingToken: the request is anonymous.
            InsufficientUserAuthentication: the user must log in in another way, or again.
            InsufficientScope: the token grants too little.
        """
        authorization = _authorization(scope)
        try:
            self.requirement.check(
                self._token(scope), scopes_of=authorization.scopes_of, clock=authorization.clock
            )
        except RequestError:
            self._hold_against_issuers(authorization)
            raise

    async def enforce(self, scope: Mapping[str, Any]) -> None:
        """Check the token of an ASGI scope, where conditions may be async; see `check_scope`."""
        authorization = _authorization(scope)
        try:
            await self.requirement.enforce(
                self._token(scope), scopes_of=authorization.scopes_of, clock=authorization.clock
            )
        except RequestError:
            self._hold_against_issuers(authorization)
            raise

    def _hold_against_issuers(self, authorization: Authorization) -> None:
        """Tell once of a requirement that nobody can meet."""
        if not self._is_held_against_issuers:
            self._is_held_against_issuers = True
            authorization.tell_if_unenforceable(self.requirement)

    def _token(self, scope: Mapping[str, Any]) -> AccessToken:
        if isinstance(scope.get("auth"), Anonymous):
            tell_of_public_path(scope)
            missing = MissingToken()
            missing.scopes = self.requirement.named_scopes
            raise missing
        return access_token(scope)

    def around(self, app: ASGIApp) -> ASGIApp:
        """Guard an ASGI application: all of a mounted one, or one route of any framework.

        Mount("/admin", admin, middleware=[Middleware(requires("admin").around)])

        Raises:
            ConfigurationError: it cannot be called.
        """

        if not callable(app):
            raise ConfigurationError(
                f"app must be an ASGI application; got {app!r}. Write requires(...).around(app)."
            )

        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] in {"http", "websocket"}:
                refusal = await self._refusal(scope)
                if refusal is not None:
                    await refuse(refusal, scope, send)
                    return
            await app(scope, receive, send)

        declare(guarded, Declared(self.requirement, app))
        return guarded

    def __call__(
        self, endpoint: Annotated[Callable[P, Any], NotAParameter(_IN_DEPENDS)]
    ) -> Callable[P, Any]:
        """Guard a Starlette endpoint, a function or method with a request or websocket.

        Raises:
            ConfigurationError: the endpoint has no argument of either name.
        """
        names = _arguments(endpoint)
        inner = declared_by(endpoint)
        if inner is not None:
            return RouteGuard(self.requirement & inner.requirement)(inner.within)
        if "websocket" in names or "request" in names:
            guarded = (
                self._around_websocket(endpoint)
                if "websocket" in names
                else self._around_request(endpoint)
            )
            declare(guarded, Declared(self.requirement, endpoint))
            return guarded
        raise ConfigurationError(
            f"requires() needs an argument named 'request' or 'websocket'; {endpoint!r} has none. "
            "FastAPI's endpoints are guarded by Depends(bearer.requires(...)), Quart's views by "
            "asgi_jwks.integrations.quart.requires, applications and middleware by "
            "requires(...).around."
        )

    def _around_request(self, endpoint: Callable[P, Any]) -> Callable[P, Any]:
        # An object may be called as a function, too.
        is_async = any(map(inspect.iscoroutinefunction, (endpoint, type(endpoint).__call__)))

        @functools.wraps(endpoint)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            connection = _connection((*args, *kwargs.values()), Request)
            refusal = await self._refusal(connection.scope)
            if refusal is not None:
                return RefusalResponse(refusal)
            if is_async:
                return await endpoint(*args, **kwargs)
            # As Starlette runs an endpoint that is not async.
            return await anyio.to_thread.run_sync(functools.partial(endpoint, *args, **kwargs))

        @functools.wraps(endpoint)
        def guarded_in_thread(*args: P.args, **kwargs: P.kwargs) -> Any:
            connection = _connection((*args, *kwargs.values()), Request)
            try:
                self.check_scope(connection.scope)
            except RequestError as error:
                return RefusalResponse(refusal_of(connection, error))
            return endpoint(*args, **kwargs)

        # A condition may be async, which a thread cannot wait for.
        return guarded if is_async or self.requirement.conditions else guarded_in_thread

    def _around_websocket(
        self, endpoint: Callable[P, Awaitable[Any]]
    ) -> Callable[P, Awaitable[Any]]:
        @functools.wraps(endpoint)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            websocket = _connection((*args, *kwargs.values()), WebSocket)
            refusal = await self._refusal(websocket.scope)
            if refusal is None:
                return await endpoint(*args, **kwargs)
            await refuse(refusal, websocket.scope, websocket.send)
            return None

        return guarded

    async def _refusal(self, scope: Mapping[str, Any]) -> Refusal | None:
        try:
            # Hot path (benchmark case `policies`): nothing is awaited where no condition is asked.
            if self.requirement.conditions:
                await self.enforce(scope)
            else:
                self.check_scope(scope)
        except (RequestError, TemporarilyUnavailable) as error:
            return refusal_of(scope, error)
        return None


def requires(*demands: str | Requirement, **options: Unpack[RequirementOptions]) -> RouteGuard:
    """Demand more of an endpoint's access token than that it is valid.

        @requires("read:messages")
        async def messages(request): ...

    A token that grants too little is answered with 403 `insufficient_scope` and the scopes that
    are needed (RFC 6750, section 3.1); a login of another kind, or of too long ago, with 401
    `insufficient_user_authentication` (RFC 9470); an anonymous request with 401.

    Args:
        demands: scopes, all of which must be granted, and Requirement objects, all of which must
            be met.
        options: `any_of`, `permissions`, `roles`, `claims`, `issuer`, `acr`, `max_age`, `binding`
            and `condition`; see RequirementOptions.

    Raises:
        ConfigurationError: nothing is required, a part is of the wrong form, or no token could
            meet all of it.
    """
    return RouteGuard(combined(demands, options))


def tell_of_public_path(scope: Mapping[str, Any]) -> None:
    """Log a demand on an anonymous connection that the middleware around has not looked at."""
    public, judging = scope.get(PUBLIC), scope.get(AUTHENTICATION)
    # An entry point within may let anonymous requests through for a reason of its own.
    if judging is public and isinstance(public, Authentication):
        public.authorization.tell_of_public_path(scope)


def _arguments(endpoint: Callable[..., object]) -> Collection[str]:
    """The names of the arguments of a callable; none of anything else."""
    try:
        return inspect.signature(endpoint).parameters.keys()
    # Not every callable of C has a signature, and an endpoint may be no callable at all.
    except (TypeError, ValueError):
        return ()


def _authorization(scope: Mapping[str, Any]) -> Authorization:
    authentication = scope.get(AUTHENTICATION)
    if isinstance(authentication, Authentication):
        return authentication.authorization
    return DEFAULT_AUTHORIZATION


def _connection(arguments: Iterable[object], kind: type[Connection]) -> Connection:
    for argument in arguments:
        if isinstance(argument, kind):
            return argument
    raise TypeError(
        f"the endpoint was called without a Starlette {kind.__name__}; Litestar's handlers take "
        "middleware=[requires(...).around], and views of Django have a decorator of their own: "
        "asgi_jwks.integrations.django.requires"
    )
