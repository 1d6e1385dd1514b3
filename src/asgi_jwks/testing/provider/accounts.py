"""The users and clients of the mock issuer, and the grants made to them.

It does not know HTTP or tokens.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Client", "Grant", "User"]


@dataclass(frozen=True, slots=True)
class User:
    """Someone who logs in: `claims` go into every token, and survive a refresh."""

    username: str
    password: str = field(repr=False)
    subject: str
    scopes: tuple[str, ...]
    claims: Mapping[str, object]

    def has_password(self, candidate: str) -> bool:
        """Whether this is the user's password, compared in constant time."""
        return hmac.compare_digest(self.password.encode(), candidate.encode())


@dataclass(frozen=True, slots=True)
class Client:
    """An application. One without a secret is public (RFC 6749, section 2.1).

    `redirect_uris` are where authorization responses may go, compared to the last character; one
    with `dpop_bound` asks for no token without a DPoP proof (RFC 9449, section 5.2).
    """

    client_id: str
    secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    claims: Mapping[str, object]
    redirect_uris: tuple[str, ...] = ()
    dpop_bound: bool = False

    @property
    def is_confidential(self) -> bool:
        """Whether it has a secret."""
        return self.secret is not None

    def has_secret(self, candidate: str | None) -> bool:
        """Whether this is the client's secret, compared in constant time."""
        if self.secret is None or candidate is None:
            return self.secret is candidate
        return hmac.compare_digest(self.secret.encode(), candidate.encode())


@dataclass(frozen=True, slots=True)
class Grant:
    """The scopes and claims granted to a client, which a refresh token grants again.

    `claims` are those of every access token made from it, but for `scope`; `expires_at` is the
    end of the refresh token, in seconds since the epoch. `resources` are those that tokens may be
    asked for (RFC 8707), `thumbprint` that of the client's DPoP key, and `family` is the same of
    all refresh tokens that came of one authorization. A refresh needs the secret of a client that
    `is_confidential` (RFC 6749, section 6).
    """

    client_id: str
    scopes: tuple[str, ...]
    claims: Mapping[str, object]
    expires_at: float
    resources: tuple[str, ...] = ()
    thumbprint: str | None = None
    family: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    is_confidential: bool = False
