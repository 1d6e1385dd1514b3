"""What the application receives: a verified access token.

What lives only here: the access token's claims and what is commonly read from them. What it does
not know: how it was verified, and the request that it came with.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from asgi_jwks.tokens.scopes import client_id, granted_scopes, permissions

__all__ = ["AccessToken"]

NewClaims = TypeVar("NewClaims")
if TYPE_CHECKING:
    # The default, which came with Python 3.13, is for type checkers alone: importing what brings it
    # to older versions takes a sixth of the time that importing the middleware does.
    from typing_extensions import TypeVar as TypeVarWithDefault

    Claims = TypeVarWithDefault("Claims", default=Mapping[str, Any])
else:
    Claims = TypeVar("Claims")


class AccessToken(Generic[Claims]):
    """A verified access token. It is immutable and may be shared between requests.

    Attributes:
        claims: the JWT claims set (RFC 7519, section 4); read-only. After `with_claims`, what the
            converter made of it.
        key_id: the `kid` of the key that verified it, if it has one.
    """

    __slots__ = ("_verified", "claims", "key_id")

    claims: Claims
    key_id: str | None
    # The claims as they were verified, for the properties below. Those are worked out when they
    # are read: few requests read them all, and thousands of tokens are remembered.
    _verified: Mapping[str, Any]

    def __init__(
        self,
        claims: Claims,
        verified: Mapping[str, Any] | None = None,
        *,
        key_id: str | None = None,
    ) -> None:
        _set_claims(self, claims)
        _set_verified(self, claims if verified is None else verified)
        _set_key_id(self, key_id)

    @property
    def issuer(self) -> str:
        """The issuer: `iss`."""
        issuer: str = self._verified["iss"]
        return issuer

    @property
    def subject(self) -> str | None:
        """The subject, `sub`; None if the token has none, which only RFC 9068 forbids."""
        return self._verified.get("sub")

    @property
    def client_id(self) -> str | None:
        """The client: `client_id` (RFC 8693, section 4.3), or how providers call it."""
        return client_id(self._verified)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The granted scopes, from `scope` (RFC 8693, section 4.2) and `scp`."""
        return granted_scopes(self._verified)

    @property
    def permissions(self) -> tuple[str, ...]:
        """Auth0's `permissions`."""
        return permissions(self._verified)

    @property
    def expires_at(self) -> float:
        """The expiry, `exp`: seconds since the epoch."""
        expiry: float = self._verified["exp"]
        return expiry

    def with_claims(self, convert: Callable[[Claims], NewClaims]) -> "AccessToken[NewClaims]":
        """The same token with its claims as a type of your own.

        `convert` is any callable: pydantic's `Model.model_validate`, or a function of yours that
        makes a dataclass or calls `msgspec.convert`. What it raises is the application's own error:
        the token is valid, and a 401 would send the client for another that is no better.
        """
        return AccessToken(convert(self.claims), self._verified, key_id=self.key_id)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an AccessToken is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an AccessToken is immutable")

    def __repr__(self) -> str:
        # Claims may hold personal data; a repr ends up in logs.
        return f"AccessToken(issuer={self.issuer!r}, scopes={self.scopes!r})"


# The slots' own setters: the way around `__setattr__` that costs least.
_set_claims = AccessToken.__dict__["claims"].__set__
_set_verified = AccessToken.__dict__["_verified"].__set__
_set_key_id = AccessToken.__dict__["key_id"].__set__
