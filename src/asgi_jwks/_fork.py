"""A lock that a forked child can always take.

What lives only here: the repair of locks after a fork. What it does not know: what they guard.
"""

import os
import threading
from types import TracebackType
from typing import Final
from weakref import WeakSet

__all__ = ["ForkSafeLock"]


class ForkSafeLock:
    """A `threading.Lock` that is released in a forked child, whoever held it in the parent.

    Servers fork their workers after they have loaded the app. The thread that holds a lock at that
    moment does not exist in the child, which would wait for it for ever. What the lock guards must
    be replaced whole, by single assignments, so that the child never finds half a change.
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


def _renew_locks() -> None:
    for lock in list(_locks):
        lock._lock = threading.Lock()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
