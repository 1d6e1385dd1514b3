"""The share of each sender in a replay memory.

No sender can fill the memory. Senders are counted in two rows of cells, each in one cell of each
row; its count is the smaller of the two (a count-min sketch). It is never too small, and too large
only for a sender that meets busy ones in both rows. So the count of a million senders takes no more
memory than that of one.
"""

import secrets
import time
from array import array
from collections.abc import Callable
from typing import Final

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.binding.lapse import Lapsing
from asgi_jwks.errors import TooManyProofs

__all__ = ["SenderShares"]

_CELL_BITS: Final = 16
_CELLS: Final = 1 << _CELL_BITS
_ALL_CELLS: Final = _CELLS * _CELLS - 1

# Nobody can choose whose cells to fill, also where PYTHONHASHSEED is set.
_SALT: Final = secrets.token_hex(16)

# A millisecond of work; a sender over its share is asked to wait longer than that.
_MOST_AT_ONCE: Final = 4096


class SenderShares:
    """Counts the proofs of each sender that are remembered.

    Args:
        share: the most proofs that one sender may have there at a time.
        clock: seconds, monotonic.
    """

    def __init__(self, share: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._share: Final = share
        self._clock: Final = clock
        self._lock: Final = ForkSafeLock()
        self._counts: Final = array("I", bytes(2 * _CELLS * array("I").itemsize))
        self._lapsing: Final = Lapsing()

    def check(self, sender: str) -> int:
        """The cells in which a sender is counted, for `take`.

        Raises TooManyProofs if it has its share already.
        """
        cells = hash(_SALT + sender) & _ALL_CELLS
        # Hot path (benchmark `proofs`): no lock, since nothing is changed.
        if self._count(cells) < self._share:
            return cells
        now = self._clock()
        with self._lock:
            # Those of others that have lapsed may be in front of this sender's.
            for lapsed in self._lapsing.lapsed(now, _MOST_AT_ONCE):
                self._add(lapsed, -1)
            if self._count(cells) < self._share:
                return cells
            wait = self._lapsing.until_next(now) + 1.0
        raise TooManyProofs(wait, f"{self._share} proofs of one key")

    def take(self, cells: int, ttl: float) -> None:
        """Count one more proof of the sender in these cells, for `ttl` seconds."""
        now = self._clock()
        with self._lock:
            for lapsed in self._lapsing.lapsed(now):
                self._add(lapsed, -1)
            self._add(cells, 1)
            self._lapsing.add(cells, now + ttl)

    def _count(self, cells: int) -> int:
        first, second = self._counts[cells % _CELLS], self._counts[_CELLS + (cells >> _CELL_BITS)]
        return min(second, first)

    def _add(self, cells: int, count: int) -> None:
        self._counts[cells % _CELLS] += count
        self._counts[_CELLS + (cells >> _CELL_BITS)] += count
