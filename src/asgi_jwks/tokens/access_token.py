"""`AccessToken`: a verified access token, as the application receives it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from asgi_jwks.tokens.grant_log import tell_unreadable
from asgi_jwks.tokens.principal import DEFAULT_BASIS, Basis, qualified_identity
from asgi_jwks.tokens.scopes import (
    client_id,
    granted_scopes,
    groups,
    permissions,
    roles,
    unreadable_grants,
)

__all__ = ["AccessToken", "basis_of"]

NewClaims = TypeVar("NewClaims")
if TYPE_CHECKING:
    # The default, which came with Python 3.13, is for type checkers alone: the package that
    # brings it to older versions is slow to import.
    from typing_extensions import TypeVar as TypeVarWithDefault

    Claims = TypeVarWithDefault("Claims", default=Mapping[str, Any])
else:
    Claims = TypeVar("Claims")


class AccessToken(Generic[Claims]):
    """A verified access token. It is immutable; a copy is the token itself."""

    # Public are properties alone, which cannot be set. Each is worked out when it is read, since
    # few requests read them all.
    __slots__ = ("_basis", "_claims", "_verified")

    def __init__(
        self,
        claims: Claims,
        verified: Mapping[str, Any] | None = None,
        basis: Basis = DEFAULT_BASIS,
    ) -> None:
        self._claims = claims
        self._verified: Mapping[str, Any] | Any = claims if verified is None else verified
        self._basis = basis

    @property
    def claims(self) -> Claims:
        """The JWT claims set (RFC 7519, section 4): read-only, and of this request alone.

        After `with_claims`, whatever the converter made of it.
        """
        return self._claims

    @property
    def key_id(self) -> str | None:
        """The `kid` of the key that verified the token, if that key has one."""
        return self._basis.key_id

    @property
    def issuer(self) -> str:
        """The issuer: `iss`."""
        issuer: str = self._verified["iss"]
        return issuer

    @property
    def subject(self) -> str | None:
        """The subject, `sub`; None if the token has none, which only RFC 9068 forbids."""
        subject: str | None = self._verified.get("sub")
        return subject

    @property
    def principal(self) -> tuple[str, str]:
        """The issuer and its subject, or the issuer and the client without one.

        A `sub` is unique within its issuer only (RFC 7519, section 4.1.2).
        """
        return self.issuer, self.subject or self.client_id or ""

    @property
    def identity(self) -> str:
        """The principal as one string: `user.identity`.

        It is the second part of the principal where one issuer alone is trusted or the issuer's
        option says so; else the issuer stands before it, so that two issuers' equal `sub` differ.
        """
        issuer, subject = self.principal
        plain = self._basis.reading.identity == "sub"
        return subject if plain else qualified_identity(issuer, subject)

    @property
    def client_id(self) -> str | None:
        """The client: `client_id` (RFC 8693, section 4.3), or as providers spell it."""
        return client_id(self._verified, self._basis.reading.grant_claims)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The granted scopes, from `scope` (RFC 8693, section 4.2) and `scp`."""
        reading = self._basis.reading
        return reading.bounded(
            granted_scopes(self._verified, reading.grant_claims, tell_unreadable)
        )

    @property
    def permissions(self) -> tuple[str, ...]:
        """The granted permissions, such as Auth0's `permissions`."""
        reading = self._basis.reading
        return reading.bounded(permissions(self._verified, reading.grant_claims, tell_unreadable))

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles, from the claims in which the issuer writes them."""
        reading = self._basis.reading
        return reading.bounded(roles(self._verified, reading.grant_claims, tell_unreadable))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, from the claims in which the issuer writes them."""
        reading = self._basis.reading
        return reading.bounded(groups(self._verified, reading.grant_claims, tell_unreadable))

    @property
    def unreadable_grants(self) -> tuple[str, ...]:
        """The claims that should grant something and cannot be read, so that they grant nothing."""
        return unreadable_grants(self._verified, self._basis.reading.grant_claims)

    @property
    def expires_at(self) -> float:
        """The expiry, `exp`: seconds since the epoch."""
        expiry: float = self._verified["exp"]
        return expiry

    def with_claims(self, convert: Callable[[Claims], NewClaims]) -> "AccessToken[NewClaims]":
        """The same token with its claims as a type of your own.

        `convert` is any callable: pydantic's `Model.model_validate`, or a function of yours that
        makes a dataclass or calls `msgspec.convert`. Its exceptions are the application's own
        errors: the token is valid, and a 401 would send the client for a token that is not better.
        """
        return AccessToken(convert(self.claims), self._verified, self._basis)

    def __copy__(self) -> "AccessToken[Claims]":
        return self

    def __deepcopy__(self, _memo: object) -> "AccessToken[Claims]":
        return self

    def __reduce__(self) -> "tuple[type[AccessToken[Claims]], tuple[object, ...]]":
        return type(self), (self._claims, self._verified, self._basis)

    def __repr__(self) -> str:
        # Claims may hold personal data; a repr ends up in logs.
        return f"AccessToken(issuer={self.issuer!r}, scopes={self.scopes!r})"


def basis_of(token: AccessToken[Any]) -> Basis:
    """The basis of a token, for whoever judges it again."""
    basis: Basis = token._basis
    return basis
