"""Numbers that lapse: each is kept until its time, and then given back.

Adding one and taking one back cost the same however many there are. The clock is an argument.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from math import ceil
from typing import Final

__all__ = ["Lapsing"]

# Two for each one that is added: those that have lapsed are gone sooner than new ones come.
USUALLY: Final = 2


class Lapsing:
    """A queue of numbers of 64 bits, ordered by the seconds in which they lapse."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        # Those that lapse in the same second, and when. The order within is of no account.
        self._runs: deque[tuple[int, array[int]]] = deque()

    def add(self, number: int, until: float) -> None:
        """Keep a number until a time, and not shorter than the numbers before it."""
        second, runs = ceil(until), self._runs
        if not runs or runs[-1][0] < second:
            runs.append((second, array("Q")))
        runs[-1][1].append(number)

    def lapsed(self, now: float, most: int = USUALLY) -> Iterable[int]:
        """Take back up to `most` of the numbers whose time is over."""
        if not self._runs or self._runs[0][0] > now:
            return ()
        return self._taken_back(now, most)

    def _taken_back(self, now: float, most: int) -> Iterator[int]:
        while most and self._runs and self._runs[0][0] <= now:
            run = self._runs[0][1]
            yield run.pop()
            most -= 1
            if not run:
                self._runs.popleft()

    def until_next(self, now: float) -> float:
        """Seconds until the next number lapses."""
        return max(0.0, self._runs[0][0] - now) if self._runs else 0.0
