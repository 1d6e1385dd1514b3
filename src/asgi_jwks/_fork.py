"""A lock that a forked child can always take.

What lives only here: what a fork does to locks. What it does not know: what they guard.
"""

import os
import threading
from types import TracebackType
from typing import Final
from weakref import WeakSet

__all__ = ["ForkSafeLock"]


class ForkSafeLock:
    """A `threading.Lock` that nobody but the forking thread holds while a process is forked.

    Servers fork their workers after they have loaded the app. A thread that held a lock at that
    moment would not exist in the child, which would wait for it for ever, and what the lock guards
    would be half changed there. So a fork waits for these locks, which are never held for long.
    They are never nested, and nobody forks while holding one.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()


_locks: Final[WeakSet[ForkSafeLock]] = WeakSet()


_held: Final[list[threading.Lock]] = []

# A signal that strikes inside a lock may lead to a fork by its very thread: better half a change in
# the child than a parent that waits for itself.
_PATIENCE: Final = 1.0


def _hold_all() -> None:
    _held.extend(lock._lock for lock in list(_locks) if lock._lock.acquire(timeout=_PATIENCE))


def _release_all() -> None:
    while _held:
        _held.pop().release()


def _renew_all() -> None:
    _held.clear()
    for lock in list(_locks):
        lock._lock = threading.Lock()


# Windows has no fork.
_register_at_fork: Final = getattr(os, "register_at_fork", lambda **_: None)
_register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_renew_all)
