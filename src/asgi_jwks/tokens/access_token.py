"""What the application receives: a verified access token.

What lives only here: the access token's claims and what is commonly read from them. What it does
not know: how it was verified, and the request that it came with.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Generic

# The default of a type parameter came with Python 3.13; Starlette brings it to older ones.
if sys.version_info >= (3, 13):
    from typing import TypeVar
else:
    from typing_extensions import TypeVar

__all__ = ["AccessToken"]

Claims = TypeVar("Claims", default=Mapping[str, Any])
NewClaims = TypeVar("NewClaims")


class AccessToken(Generic[Claims]):
    """A verified access token. It is immutable and may be shared between requests.

    Attributes:
        claims: the JWT claims set (RFC 7519, section 4); read-only. After `with_claims`, what the
            converter made of it.
        scopes: the granted scopes, from `scope` (RFC 8693, section 4.2) and `scp`.
        permissions: Auth0's `permissions`.
        issuer: `iss`.
        subject: `sub`, or None: a resource server does not need one (RFC 9068 does).
        client_id: `client_id` (RFC 8693, section 4.3), else `azp`, else `cid`.
        key_id: the `kid` of the key that verified it, if it has one.
        expires_at: `exp`, seconds since the epoch.
    """

    __slots__ = (
        "claims",
        "client_id",
        "expires_at",
        "issuer",
        "key_id",
        "permissions",
        "scopes",
        "subject",
    )

    claims: Claims
    scopes: tuple[str, ...]
    permissions: tuple[str, ...]
    issuer: str
    subject: str | None
    client_id: str | None
    key_id: str | None
    expires_at: float

    def __init__(
        self,
        claims: Claims,
        *,
        issuer: str,
        expires_at: float,
        scopes: tuple[str, ...] = (),
        permissions: tuple[str, ...] = (),
        subject: str | None = None,
        client_id: str | None = None,
        key_id: str | None = None,
    ) -> None:
        fix = object.__setattr__
        fix(self, "claims", claims)
        fix(self, "issuer", issuer)
        fix(self, "expires_at", expires_at)
        fix(self, "scopes", scopes)
        fix(self, "permissions", permissions)
        fix(self, "subject", subject)
        fix(self, "client_id", client_id)
        fix(self, "key_id", key_id)

    def with_claims(self, convert: Callable[[Claims], NewClaims]) -> "AccessToken[NewClaims]":
        """The same token with its claims as a type of your own.

        `convert` is any callable: a dataclass's constructor, pydantic's `Model.model_validate`, a
        `functools.partial` of `msgspec.convert`. What it raises is the application's own error:
        the token is valid, and a 401 would send the client for another that is no better.
        """
        return AccessToken(
            convert(self.claims),
            issuer=self.issuer,
            expires_at=self.expires_at,
            scopes=self.scopes,
            permissions=self.permissions,
            subject=self.subject,
            client_id=self.client_id,
            key_id=self.key_id,
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an AccessToken is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an AccessToken is immutable")

    def __repr__(self) -> str:
        # Claims may hold personal data; a repr ends up in logs.
        return f"AccessToken(issuer={self.issuer!r}, scopes={self.scopes!r})"
