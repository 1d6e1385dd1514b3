"""A lock on a directory, for the processes of a host.

It is advisory, held for milliseconds, and tried for one second: a process that hangs while it holds
the lock delays the others and stops none. The system releases it when its holder dies.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

__all__ = ["directory_locked"]

LONGEST_WAIT: Final = 1.0
PAUSE: Final = 0.005

# Windows has no such lock.
_fcntl: Final[Any] = import_module("fcntl") if find_spec("fcntl") else None


@contextmanager
def directory_locked(
    directory: Path, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the lock while the block runs, or go on without it after a while.

    Raises:
        OSError: there is no such directory.
    """
    if _fcntl is None:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        for _ in range(round(LONGEST_WAIT / PAUSE)):
            with suppress(BlockingIOError):
                _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
                break
            sleep(PAUSE)
        yield
    finally:
        # Not by closing alone: a child that was forked meanwhile has the descriptor too.
        _fcntl.flock(descriptor, _fcntl.LOCK_UN)
        os.close(descriptor)
