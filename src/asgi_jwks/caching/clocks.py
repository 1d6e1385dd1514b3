"""Clocks: seconds that a process has lived through, and those that it slept through.

A monotonic clock may stand still while a process or a virtual machine is suspended (requirement
F18). How long a value is trusted counts that time too; budgets and backoffs do not.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from asgi_jwks._fork import ForkSafeLock

__all__ = ["ElapsedClock"]

# Clocks that are set right little by little drift apart; so much of it goes unnoticed.
TOLERANCE: Final = 0.1


def _boot_time() -> Callable[[], float]:
    """Seconds since the boot, suspensions included (Linux); elsewhere the monotonic clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if clock is None else partial(time.clock_gettime, clock)


class ElapsedClock:
    """Seconds that have passed, suspensions included, as far as any clock shows them.

    It goes as far as the fastest of three clocks, and never back. A wall clock that is set forward
    looks like a suspension, so trust ends too early rather than too late; one that is set back
    changes nothing.

    Args:
        monotonic: seconds of a clock that is never set.
        boot_time: seconds of such a clock that also runs while the machine is suspended; where
            there is none, the monotonic one.
        wall: seconds since the epoch.
    """

    __slots__ = ("_base_wall", "_boot_time", "_lock", "_unseen", "monotonic", "wall")

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        boot_time: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.monotonic: Final = monotonic
        self.wall: Final = wall
        self._boot_time: Final = _boot_time() if boot_time is None else boot_time
        self._lock: Final = ForkSafeLock()
        # Seconds that only the wall clock showed, and how far it is ahead of the other one.
        self._unseen = 0.0
        self._base_wall = wall() - self._boot_time()

    def read(self) -> float:
        """Seconds since some moment. No lock of the caller's may be held."""
        # Hot path (in_process, cached token): two readings, and as a rule nothing else.
        elapsed = self._boot_time() + self._unseen
        if -TOLERANCE < self.wall() - self._base_wall - elapsed < TOLERANCE:
            return elapsed
        return self._noticed()

    __call__ = read

    def _noticed(self) -> float:
        """The same, after one of the clocks has moved by itself."""
        with self._lock:
            now = self._boot_time()
            by_wall = self.wall() - self._base_wall - now
            # A wall clock that was set back counts from there on.
            self._base_wall += min(0.0, by_wall - self._unseen)
            self._unseen = max(self._unseen, by_wall)
            return now + self._unseen
