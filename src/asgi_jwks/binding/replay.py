"""The memory of DPoP proofs that were used (RFC 9449, section 11.1).

One question, whether this is the first use of a proof, is answered and remembered in one step. It
does not know what a proof is: it sees the digest of a key and a `jti`.
"""

import secrets
import time
from collections.abc import Callable
from typing import Final, Protocol

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks._options import require_clock, require_whole_number
from asgi_jwks.binding.lapse import Lapsing
from asgi_jwks.errors import ReplayStoreUnavailable

__all__ = ["ReplayMemory", "ReplayStore"]

# Proofs of 65 seconds at some 3,800 requests a second, which is more than one worker verifies; it
# takes some 30 MiB when it is full.
CAPACITY: Final = 250_000

# Each set grows on its own, so that no request waits for the copying of all of them.
_SHARDS: Final = 32
# Python keeps an integer of 60 bits in 32 bytes, and one more bit takes another 16.
_BITS: Final = (1 << 60) - 1

# Nobody can choose two keys that meet, also where PYTHONHASHSEED is set.
_SALT: Final = secrets.token_bytes(16)


class ReplayStore(Protocol):
    """Remembers which proofs were used: for one process, or for all workers and hosts.

    A store that can lose its memory has a method `expect(longest_ttl)` as well; it is called at
    construction, with the largest `ttl` that will be asked for.
    """

    async def first_use(self, key: bytes, ttl: float) -> bool:
        """Whether `key` is seen for the first time.

        From now on it is not, for `ttl` seconds.

        The answer and the remembering are one step: of several calls at once with one key, one
        alone is answered with True. Anything else than True refuses the proof.

        Raises anything: it is not known, and the request is answered with 503.
        """
        ...


class ReplayMemory:
    """The memory of one process: the default.

    Nothing that still counts is ever dropped: a full memory refuses new proofs, with 503. Each key
    costs the same, however many there are, and at most 168 bytes.

    Args:
        capacity: how many keys are kept at a time (250000).
        clock: seconds, monotonic.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(
        self, capacity: int = CAPACITY, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._capacity: Final = require_whole_number("capacity", capacity, least=1)
        self._clock: Final = require_clock(clock)
        self._lock: Final = ForkSafeLock()
        self._seen: Final = tuple(set[int]() for _ in range(_SHARDS))
        self._lapsing: Final = Lapsing()
        self._size = 0

    async def first_use(self, key: bytes, ttl: float) -> bool:
        """See ReplayStore. Raises ReplayStoreUnavailable if the memory is full."""
        # A key that meets one of 100,000 by chance is one case in 10^13.
        number = hash(_SALT + key) & _BITS
        seen = self._seen[number % _SHARDS]
        now = self._clock()
        with self._lock:
            if number in seen:
                return False
            for lapsed in self._lapsing.lapsed(now):
                self._seen[lapsed % _SHARDS].discard(lapsed)
                self._size -= 1
            if self._size >= self._capacity:
                raise ReplayStoreUnavailable(
                    f"the memory of used DPoP proofs is full: {self._capacity} are kept; give "
                    "DPoP a ReplayMemory of a larger capacity",
                    retry_after=self._lapsing.until_next(now) + 1.0,
                )
            seen.add(number)
            self._lapsing.add(number, now + ttl)
            self._size += 1
        return True

    @property
    def capacity(self) -> int:
        """How many keys are kept at a time."""
        return self._capacity

    def __len__(self) -> int:
        return self._size
