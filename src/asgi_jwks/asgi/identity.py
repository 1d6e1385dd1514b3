"""What stands on the scope of a guarded connection: claims, auth, user.

What lives only here: the three keys and their values, for a verified token and for nobody. What it
does not know: how the token was verified and what the application does with it.
"""

from collections.abc import MutableMapping
from typing import Any, Final

from starlette.authentication import BaseUser, UnauthenticatedUser

from asgi_jwks.jose.read_only import ReadOnlyDict
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["Anonymous", "BearerUser", "identify", "identify_nobody"]


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
        """The token's `sub`, or "" if it has none."""
        return self.access_token.subject or ""

    @property
    def display_name(self) -> str:
        """The token's `name` if it is a string, else its `sub`."""
        name = self.access_token.claims.get("name")
        return name if isinstance(name, str) else self.identity


class Anonymous:
    """`request.auth` of a request without a token, where that is allowed: it grants nothing."""

    __slots__ = ()

    claims: Final[ReadOnlyDict] = ReadOnlyDict()
    scopes: Final[tuple[str, ...]] = ()
    permissions: Final[tuple[str, ...]] = ()


_ANONYMOUS: Final = Anonymous()
_NOBODY: Final = UnauthenticatedUser()


def identify(scope: MutableMapping[str, Any], access_token: AccessToken) -> None:
    """Put a verified token on the scope.

    In place, as Starlette's AuthenticationMiddleware does: outer middleware reads from the same
    scope what inner applications put there.
    """
    scope["claims"] = access_token.claims
    scope["auth"] = access_token
    scope["user"] = BearerUser(access_token)


def identify_nobody(scope: MutableMapping[str, Any]) -> None:
    """Overwrite whatever outer middleware may have put there: there is no verified token."""
    scope["claims"] = Anonymous.claims
    scope["auth"] = _ANONYMOUS
    scope["user"] = _NOBODY
