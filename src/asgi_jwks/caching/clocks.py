"""Clocks: seconds that a process has lived through, and those that it slept through.

A monotonic clock may stand still while a process or a virtual machine is suspended (requirement
F18). How long a value is trusted counts that time too; budgets and backoffs do not.
"""

import time
from collections.abc import Callable
from typing import Final

from asgi_jwks._fork import ForkSafeLock

__all__ = ["ElapsedClock"]

# Clocks that are set right little by little drift apart; so much of it goes unnoticed.
TOLERANCE: Final = 0.1


def _boot_time() -> Callable[[], float]:
    """Seconds since the boot, suspensions included (Linux); elsewhere the monotonic clock."""
    boot_time: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    if boot_time is None:
        return time.monotonic
    clock: int = boot_time
    return lambda: time.clock_gettime(clock)


class ElapsedClock:
    """Seconds that have passed, suspensions included, as far as any clock shows them.

    It goes as far as the fastest of three clocks, and never back. A wall clock that is set forward
    looks like a suspension, so trust ends too early rather than too late; one that is set back
    changes nothing.

    Args:
        monotonic: seconds of a clock that is never set.
        boot_time: seconds of a clock that also runs while the machine is suspended.
        wall: seconds since the epoch.
    """

    __slots__ = ("_base_boot", "_base_wall", "_boot_time", "_lock", "_unseen", "monotonic", "wall")

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        boot_time: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.monotonic: Final = monotonic
        self._boot_time: Final = _boot_time() if boot_time is None else boot_time
        self.wall: Final = wall
        self._lock: Final = ForkSafeLock()
        self._unseen = 0.0
        now = monotonic()
        # What the other clocks are ahead of the monotonic one while nothing passes unseen.
        self._base_boot: Final = self._boot_time() - now
        self._base_wall = wall() - now

    def __call__(self) -> float:
        """Monotonic seconds and the unseen ones. No lock of the caller's may be held."""
        # Hot path (in_process, cached token): three readings, and as a rule nothing else.
        now = self.monotonic()
        unseen = self._unseen
        if (
            -TOLERANCE < self.wall() - now - self._base_wall - unseen < TOLERANCE
            and self._boot_time() - now - self._base_boot < unseen + TOLERANCE
        ):
            return now + unseen
        return self._noticed()

    def _noticed(self) -> float:
        """The same, after one of the clocks has moved by itself."""
        with self._lock:
            now = self.monotonic()
            by_boot = self._boot_time() - now - self._base_boot
            by_wall = self.wall() - now - self._base_wall
            self._unseen = max(self._unseen, by_boot, by_wall)
            # A wall clock that was set back counts from there on.
            self._base_wall += by_wall - self._unseen
            return now + self._unseen
