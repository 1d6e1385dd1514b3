"""The identity on the scope of a guarded connection: claims, auth, user."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, overload

from starlette.authentication import BaseUser, UnauthenticatedUser

from asgi_jwks.asgi.authentication import AUTHENTICATION, Authentication
from asgi_jwks.asgi.types import Scope
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.jose.read_only import ReadOnlyDict
from asgi_jwks.tokens.access_token import AccessToken

__all__ = [
    "Anonymous",
    "BearerUser",
    "HasScope",
    "access_token",
    "bearer_token",
    "identify",
    "scope_of",
]

NewClaims = TypeVar("NewClaims")


class BearerUser(BaseUser):
    """The user of a verified token, as Starlette's `request.user`."""

    __slots__ = ("access_token",)

    def __init__(self, access_token: AccessToken) -> None:
        self.access_token: Final = access_token

    @property
    def is_authenticated(self) -> bool:
        """True: the token was verified."""
        return True

    @property
    def identity(self) -> str:
        """The token's principal: `sub`, qualified by the issuer where several are trusted."""
        return self.access_token.identity

    @property
    def display_name(self) -> str:
        """The token's `name` if it is a string, else its `sub`."""
        name = self.access_token.claims.get("name")
        return name if isinstance(name, str) else self.access_token.subject or ""


class Anonymous:
    """`request.auth` of a request without a token, where that is allowed: it grants nothing."""

    __slots__ = ()

    claims: Final[ReadOnlyDict] = ReadOnlyDict()
    scopes: Final[tuple[str, ...]] = ()
    permissions: Final[tuple[str, ...]] = ()
    roles: Final[tuple[str, ...]] = ()
    groups: Final[tuple[str, ...]] = ()


_ANONYMOUS: Final = Anonymous()
_NOBODY: Final = UnauthenticatedUser()


def identify(scope: Scope, access_token: AccessToken | None) -> None:
    """Put a verified token on the scope, or nobody, whatever outer middleware put there before.

    In place, as Starlette's AuthenticationMiddleware does: outer middleware reads from the same
    scope what inner applications put there.
    """
    if access_token is None:
        scope["claims"] = Anonymous.claims
        scope["auth"] = _ANONYMOUS
        scope["user"] = _NOBODY
    else:
        scope["claims"] = access_token.claims
        scope["auth"] = access_token
        scope["user"] = BearerUser(access_token)


class HasScope(Protocol):
    """A request or WebSocket of any framework for ASGI: Starlette, Litestar, Quart, Django."""

    @property
    def scope(self) -> Mapping[str, Any]:
        """Its ASGI scope."""
        ...


@overload
def access_token(connection: HasScope | Mapping[str, Any]) -> AccessToken: ...
@overload
def access_token(
    connection: HasScope | Mapping[str, Any],
    convert: Callable[[Mapping[str, Any]], NewClaims],
) -> AccessToken[NewClaims]: ...
def access_token(
    connection: HasScope | Mapping[str, Any],
    convert: Callable[[Mapping[str, Any]], NewClaims] | None = None,
) -> AccessToken | AccessToken[NewClaims]:
    """The verified access token of a request, typed.

        token = access_token(request)
        user = access_token(request, UserClaims.model_validate).claims

    Args:
        connection: a request or WebSocket of an ASGI framework, or an ASGI scope.
        convert: makes the claims a type of your own; what it raises is the application's error.

    Raises:
        ConfigurationError: `connection` is something else.
        LookupError: there is none: the middleware is missing, or it let the request through
            without one, as `allow_anonymous` and `public_paths` say.
    """
    token = _verified(scope_of(connection))
    return token if convert is None else token.with_claims(convert)


def bearer_token(connection: HasScope | Mapping[str, Any]) -> str:
    """The credential itself, for calls to another API on behalf of its user.

    Whoever has it can act as the user, wherever its audience is accepted: hand it to that API
    alone, and never log it. It is read from the request anew and kept nowhere. Where the provider
    can exchange it for a token of the other API (RFC 8693), that is better.

    Args:
        connection: a request or WebSocket of an ASGI framework, or an ASGI scope.

    Raises:
        LookupError: the request has no verified token, or a WebSocket brought it as a subprotocol,
            where it is taken away.
    """
    scope: Any = scope_of(connection)
    _verified(scope)
    authentication = scope.get(AUTHENTICATION)
    token = authentication.token(scope) if isinstance(authentication, Authentication) else None
    if token is None:
        raise LookupError("The token of this request is not in it any more.")
    return token.decode("ascii")


def scope_of(connection: HasScope | Mapping[str, Any]) -> Mapping[str, Any]:
    """The scope of a request, or the scope itself."""
    # Requests of Starlette are mappings themselves.
    scope = getattr(connection, "scope", connection)
    if isinstance(scope, Mapping):
        return scope
    raise ConfigurationError(
        f"The argument is a request of an ASGI framework, or an ASGI scope; got {connection!r}. "
        "Write access_token(request). A request of WSGI has no scope and no verified token: run "
        "the framework's ASGI application, and test it by TestClient(app) of Starlette."
    )


def _verified(scope: Mapping[str, Any]) -> AccessToken:
    token = scope.get("auth")
    if isinstance(token, AccessToken):
        return token
    raise LookupError(
        "This request has no verified access token. Is JWTBearerMiddleware around the "
        "application that was called, by a test client too, and does it demand a token for this "
        "path?"
    )
