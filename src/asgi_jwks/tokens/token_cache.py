"""Tokens that were verified before, so that the next request need not verify them again.

What lives only here: the bounded memory of verified tokens. What it does not know: how a token is
verified, what time it is, and the tokens themselves: it is keyed by their SHA-256 digests (RFC
9700, section 4.9.3), and only tokens that were accepted get into it.
"""

from typing import TYPE_CHECKING, Final

from asgi_jwks.errors import Reason
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jws import decode_claims, segments_of
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.tokens.access_token import AccessToken

if TYPE_CHECKING:
    from asgi_jwks.tokens.issuers import Issuer

__all__ = ["VerifiedToken", "VerifiedTokens"]


class VerifiedToken:
    """An accepted token, and what its acceptance rests on.

    `not_before` and `not_after` are seconds since the epoch with leeway applied; `keys` is the set
    in which `key` was last seen to be trusted.

    `access_token` is None until the token is seen again, which brings its claims along: tokens that
    are seen once take a seventh of the memory.
    """

    __slots__ = (
        "access_token",
        "algorithm",
        "issuer",
        "key",
        "keys",
        "not_after",
        "not_before",
    )

    def __init__(
        self,
        issuer: "Issuer",
        keys: JWKSet,
        key: VerificationKey,
        algorithm: str,
        not_before: float,
        not_after: float,
    ) -> None:
        self.access_token: AccessToken | None = None
        self.issuer = issuer
        self.keys = keys
        self.key = key
        self.algorithm = algorithm
        self.not_before = not_before
        self.not_after = not_after

    def reread(self, token: bytes) -> AccessToken:
        """The access token; kept from now on. `token` is the one that was accepted."""
        _, payload_segment, _, _ = segments_of(token)
        claims = decode_claims(payload_segment)
        access_token: AccessToken = AccessToken(claims, claims, key_id=self.key.kid)
        self.access_token = access_token
        return access_token

    def untimely(self, now: float) -> Reason:
        """Why the token is not valid at `now`, seconds since the epoch, which it is not."""
        return Reason.EXPIRED if now >= self.not_after else Reason.NOT_YET_VALID


class VerifiedTokens:
    """At most `size` verified tokens by digest; those not asked for lately go first.

    Two generations instead of a queue: what is asked for moves to the younger one, and when that
    is half of the size, the older one is dropped. A hit is one dict lookup, a fifth of what
    `cachetools.LRUCache` takes for moving an entry to the end of its queue, and it changes
    nothing, so that threads need no lock: the worst of a race is an entry that is verified again.
    """

    def __init__(self, size: int) -> None:
        self._half: Final = size // 2
        self.young: dict[bytes, VerifiedToken] = {}
        self._old: dict[bytes, VerifiedToken] = {}

    def get(self, digest: bytes) -> VerifiedToken | None:
        """The verified token with this digest."""
        found = self.young.get(digest)
        if found is None and self._old:
            found = self._old.get(digest)
            if found is not None:
                self.put(digest, found)
        return found

    def put(self, digest: bytes, verified: VerifiedToken) -> None:
        """Remember a token that was accepted."""
        if self._half:
            if len(self.young) >= self._half:
                self._old, self.young = self.young, {}
            self.young[digest] = verified

    def __len__(self) -> int:
        return len(self.young) + len(self._old)
