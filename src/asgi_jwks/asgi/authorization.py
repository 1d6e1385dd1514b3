"""Authorization per endpoint: which scopes, permissions or claims a request needs.

What lives only here: `requires`, and the typed accessor `access_token`. What it does not know: how
tokens are verified, and how an endpoint that is refused answers.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, ParamSpec, TypeVar, overload

from starlette.requests import HTTPConnection

from asgi_jwks.asgi.guards import (
    AnyASGIApp,
    guard_application,
    guard_request,
    guard_websocket,
)
from asgi_jwks.asgi.identity import Anonymous
from asgi_jwks.errors import ConfigurationError, InsufficientScope, MissingToken
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["Condition", "Requirement", "access_token", "requires"]

P = ParamSpec("P")
NewClaims = TypeVar("NewClaims")

Condition = Callable[[AccessToken], bool]


@overload
def access_token(connection: HTTPConnection | Mapping[str, Any]) -> AccessToken: ...
@overload
def access_token(
    connection: HTTPConnection | Mapping[str, Any],
    convert: Callable[[Mapping[str, Any]], NewClaims],
) -> AccessToken[NewClaims]: ...
def access_token(
    connection: HTTPConnection | Mapping[str, Any],
    convert: Callable[[Mapping[str, Any]], NewClaims] | None = None,
) -> AccessToken | AccessToken[NewClaims]:
    """The verified access token of a request, typed.

        token = access_token(request)
        user = access_token(request, UserClaims.model_validate).claims

    Args:
        connection: a Starlette Request or WebSocket, or an ASGI scope.
        convert: makes the claims a type of your own; what it raises is the application's error.

    Raises:
        LookupError: there is none: the middleware is missing, or it let the request through
            without one, as `allow_anonymous` and `public_paths` say.
    """
    scope = connection.scope if isinstance(connection, HTTPConnection) else connection
    token = scope.get("auth")
    if isinstance(token, AccessToken):
        return token if convert is None else token.with_claims(convert)
    raise LookupError(
        "This request has no verified access token. Is JWTBearerMiddleware around the "
        "application, and does it demand a token for this path?"
    )


class Requirement:
    """What an endpoint needs of the access token; made by `requires`."""

    def __init__(
        self,
        scopes: tuple[str, ...],
        any_of: tuple[str, ...],
        permissions: tuple[str, ...],
        condition: Condition | None,
    ) -> None:
        self.scopes: Final = scopes
        self.any_of: Final = any_of
        self.permissions: Final = permissions
        self.condition: Final = condition

    def check(self, token: AccessToken) -> None:
        """Raise InsufficientScope, naming what is needed, unless the token grants it."""
        granted = token.scopes
        if not (
            all(scope in granted for scope in self.scopes)
            and (not self.any_of or any(scope in granted for scope in self.any_of))
            and all(permission in token.permissions for permission in self.permissions)
            and (self.condition is None or self.condition(token))
        ):
            raise InsufficientScope(*dict.fromkeys((*self.scopes, *self.any_of, *self.permissions)))

    def check_scope(self, scope: Mapping[str, Any]) -> None:
        """The same for an ASGI scope. Raises MissingToken for an anonymous request."""
        if isinstance(scope.get("auth"), Anonymous):
            raise MissingToken
        self.check(access_token(scope))

    def around(self, app: AnyASGIApp) -> AnyASGIApp:
        """Guard an ASGI application: all of a mounted one, or one route of any framework.

        Mount("/admin", admin, middleware=[Middleware(requires("admin").around)])
        """
        return guard_application(self.check_scope, app)

    def __call__(self, endpoint: Callable[P, Any]) -> Callable[P, Any]:
        """Guard a Starlette endpoint, a function or method with a request or websocket."""
        names = inspect.signature(endpoint).parameters
        if "websocket" in names:
            return guard_websocket(self.check_scope, endpoint)
        if "request" in names:
            return guard_request(self.check_scope, endpoint)
        raise ConfigurationError(
            f"requires() needs an argument named 'request' or 'websocket'; {endpoint!r} has none."
        )


def requires(
    *scopes: str,
    any_of: Iterable[str] = (),
    permissions: Iterable[str] = (),
    condition: Condition | None = None,
) -> Requirement:
    """Demand more of an endpoint's access token than that it is valid.

        @requires("read:messages")
        async def messages(request): ...

    A token that grants too little is answered with 403 `insufficient_scope` and the scopes that
    are needed (RFC 6750, section 3.1); an anonymous request with 401.

    Args:
        scopes: all of these must be granted.
        any_of: at least one of these.
        permissions: all of these must be among Auth0's `permissions`.
        condition: a callable that gets the AccessToken and returns whether it will do.

    Raises:
        ConfigurationError: nothing is required.
    """
    some, needed = _names("any_of", any_of), _names("permissions", permissions)
    if not (scopes or some or needed or condition):
        raise ConfigurationError('requires() requires nothing. Write requires("read:messages").')
    return Requirement(_names("scopes", scopes), some, needed, condition)


def _names(option: str, values: Iterable[str]) -> tuple[str, ...]:
    names = (values,) if isinstance(values, str) else tuple(values)
    if not all(name and " " not in name for name in names):
        raise ConfigurationError(
            f"{option} must be names without spaces, one string each; got {names!r}."
        )
    return names
