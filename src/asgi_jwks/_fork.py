"""A lock that a forked child can always take.

It knows the effect of a fork on locks, and not the things that they guard.
"""

import os
import threading
from itertools import count
from types import TracebackType
from typing import Final
from weakref import WeakValueDictionary

__all__ = ["ForkSafeLock"]


class ForkSafeLock:
    """A `threading.Lock` that only the forking thread holds while a process is forked.

    Servers fork their workers after they have loaded the app. A thread that held a lock at that
    moment would not exist in the child, which would wait for it for ever, and the guarded state
    would be half changed there. So a fork waits for these locks, which are never held for long.
    They are never nested, and no thread forks while it holds one.
    """

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks[next(_numbers)] = self

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()


# A dict, since the list of its values is made in one step: other threads may be adding locks.
_locks: Final[WeakValueDictionary[int, ForkSafeLock]] = WeakValueDictionary()
_numbers: Final = count()

# Two threads may fork at once: each holds its own locks, one thread after the other.
_forking = threading.RLock()
_held: Final[list[threading.Lock]] = []

# A signal that strikes while a lock is held may lead to a fork by its very thread: better half a
# change in the child than a parent that waits for itself. So much is waited for all locks together,
# in seconds, by many short waits: a process that is stopped meanwhile has not waited.
LONGEST_WAIT: Final = 1.0
SHORT_WAIT: Final = 0.01


def _all_locks() -> list[ForkSafeLock]:
    return [lock for reference in _locks.valuerefs() if (lock := reference()) is not None]


def _hold_all() -> None:
    _forking.acquire()
    left = round(LONGEST_WAIT / SHORT_WAIT)
    for lock in _all_locks():
        while not (is_held := lock._lock.acquire(timeout=SHORT_WAIT if left else 0.0)) and left:
            left -= 1
        if is_held:
            _held.append(lock._lock)


def _release_all() -> None:
    while _held:
        _held.pop().release()
    _forking.release()


def _renew_all() -> None:
    global _forking
    _forking = threading.RLock()
    _held.clear()
    for lock in _all_locks():
        lock._lock = threading.Lock()


# Windows has no fork.
_register_at_fork: Final = getattr(os, "register_at_fork", lambda **_: None)
_register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_renew_all)
