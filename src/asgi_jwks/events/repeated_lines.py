"""When a repeated line of the log is due: at once, then once per interval."""

import math
from collections.abc import Callable, Hashable
from typing import Final

__all__ = ["INTERVAL", "RepeatedLines"]

# The deciding sentence on the log: at most one line per cause in this many seconds.
INTERVAL: Final = 300.0


class RepeatedLines:
    """The causes of lines that repeat; they are of a closed set.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock: Final = clock
        self._counts: Final[dict[Hashable, int]] = {}
        self._told_at: Final[dict[Hashable, float]] = {}

    def due(self, cause: Hashable) -> int:
        """Count a cause, and tell whether a line is due.

        Returns how often it was met since its last line; 0 where no line is due.
        """
        now = self._clock()
        count = self._counts.get(cause, 0) + 1
        if now < self._told_at.get(cause, -math.inf) + INTERVAL:
            self._counts[cause] = count
            return 0
        self._counts[cause], self._told_at[cause] = 0, now
        return count
