"""The things that were sought in a key set, for one interval of the budget.

A fetch that began later has given the answer. It is forgotten after the interval, since a key may
be published after it was first sought, and a cache on the way may not show it yet.
"""

from collections.abc import Callable, Hashable
from typing import Final

from cachetools import TTLCache

from asgi_jwks._fork import ForkSafeLock

__all__ = ["Sought"]

# The default budget allows 22 refetches in 600 s, but far more key ids of strangers may wait for
# one and the same.
REMEMBERED: Final = 1024


class Sought:
    """A bounded memory of the causes of refetches.

    Args:
        interval: seconds for which a cause is remembered.
        clock: monotonic seconds.
    """

    def __init__(self, interval: float, clock: Callable[[], float]) -> None:
        self._clock: Final = clock
        self._since: Final = TTLCache[Hashable, float](REMEMBERED, interval, clock)
        self._lock: Final = ForkSafeLock()

    def since(self, cause: Hashable) -> float:
        """When it was first sought: now, unless it is remembered."""
        with self._lock:
            return float(self._since.setdefault(cause, self._clock()))

    def remembers(self, cause: Hashable) -> bool:
        """Whether it was sought within the interval."""
        with self._lock:
            return cause in self._since

    def __len__(self) -> int:
        return len(self._since)
