"""Verified tokens by digest, so that the next request need not verify them again.

It is keyed by SHA-256 of the whole token (RFC 9700, section 4.9.3) and bounded in entries and in
bytes; only accepted tokens enter. It knows no token and no clock.
"""

import sys
from typing import TYPE_CHECKING, Any, Final

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.read_only import KeptObject, ReadOnlyDict

if TYPE_CHECKING:
    from asgi_jwks.tokens.header_cache import Signer

__all__ = ["CachedToken", "TokenCache"]

# Claims of one token above this many bytes of memory are not kept but read again for each request:
# 10,000 tokens of 1,024 values each would take gigabytes, and no provider writes such (the 10 KB of
# group ids that an Entra token may have take some 40 KB).
LARGEST_CLAIMS: Final = 64 * 1024
# All claims together; the default number of entries takes some 15 MiB of ordinary tokens.
MAX_CLAIMS_BYTES: Final = 32 * 1024 * 1024

# What a KeptObject has for an object or array within, beside its members or elements.
_NESTED: Final = 64


class CachedToken:
    """An accepted token, and the grounds of its acceptance.

    `not_before` and `not_after` are seconds since the epoch with leeway applied; `keys` is the set
    in which `key` was last seen to be trusted. `claims` is None until the token is seen again:
    tokens that are seen once take a fraction of the memory. `size` is what the claims take, in
    bytes.
    """

    __slots__ = (
        "algorithm",
        "basis",
        "claims",
        "issuer",
        "key",
        "keys",
        "not_after",
        "not_before",
        "size",
    )

    def __init__(self, signer: "Signer", not_before: float, not_after: float) -> None:
        self.claims: KeptObject | None = None
        self.size = 0
        self.issuer = signer.issuer
        self.basis = signer.basis
        self.keys = signer.keys
        self.key = signer.key
        self.algorithm = signer.header.algorithm
        self.not_before = not_before
        self.not_after = not_after

    def check_time(self, now: float) -> None:
        """Raise InvalidToken unless the token is valid at `now`, seconds since the epoch."""
        if now >= self.not_after:
            raise InvalidToken(Reason.EXPIRED)
        if now < self.not_before:
            raise InvalidToken(Reason.NOT_YET_VALID)


class TokenCache:
    """At most `entries` verified tokens by digest; those not asked for lately go first.

    Two generations instead of a queue: an entry that is asked for moves to the younger one, and
    when that has half of the entries or bytes, the older one is dropped. A hit is one dict lookup
    and changes nothing, so that threads need no lock: the worst of a race is an entry that is
    verified again, or bytes that are counted twice.
    """

    def __init__(self, entries: int) -> None:
        self._half: Final = entries // 2
        self._young: dict[bytes, CachedToken] = {}
        self._old: dict[bytes, CachedToken] = {}
        # The bytes of the claims in the younger generation.
        self._bytes = 0

    def get(self, digest: bytes) -> CachedToken | None:
        """The verified token with this digest."""
        found = self._young.get(digest)
        if found is None and self._old:
            found = self._old.get(digest)
            if found is not None:
                self.put(digest, found)
        return found

    def put(self, digest: bytes, token: CachedToken) -> None:
        """Remember a token that was accepted."""
        if self._half:
            if len(self._young) >= self._half:
                self._drop_old()
            self._make_room(token.size)
            self._young[digest] = token

    def keep_claims(self, token: CachedToken, claims: ReadOnlyDict) -> None:
        """Keep the claims of a token that was seen again, unless they are large."""
        size = memory_of(claims)
        if size <= LARGEST_CLAIMS:
            self._make_room(size)
            token.claims, token.size = KeptObject(claims), size

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def _make_room(self, size: int) -> None:
        if self._bytes + size > MAX_CLAIMS_BYTES // 2:
            self._drop_old()
        self._bytes += size

    def _drop_old(self) -> None:
        self._old, self._young, self._bytes = self._young, {}, 0


def memory_of(claims: ReadOnlyDict) -> int:
    """About how many bytes of memory claims take once they are kept."""
    return sys.getsizeof(claims) + _memory_inside(claims)


def _memory_inside(value: dict[str, Any] | list[Any]) -> int:
    inner = value.values() if isinstance(value, dict) else value
    size = sum(map(sys.getsizeof, inner))
    if isinstance(value, dict):
        size += sum(map(sys.getsizeof, value))
    nested = [one for one in inner if isinstance(one, dict | list)]
    return size + _NESTED * len(nested) + sum(map(_memory_inside, nested))
