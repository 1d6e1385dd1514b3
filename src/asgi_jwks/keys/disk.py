"""Work on a disk, in threads, of which a disk that hangs keeps a few.

Nobody waits for it longer than a second. It does not know what is read or written.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import anyio
from anyio import to_thread

__all__ = ["Disk"]

T = TypeVar("T")

# Requests may be waiting for the keys; a disk that takes longer than this has to wait instead.
DISK_TIMEOUT: Final = 1.0

# A thread cannot be cancelled. Of a key set, two are at work at a time in each event loop.
MOST_THREADS: Final = 8


class Disk:
    """Runs the work of one key set on the disk."""

    def __init__(self) -> None:
        self._threads: Final[set[threading.Thread]] = set()

    async def run(self, work: Callable[[], T], *, shield: bool = False) -> T:
        """The result of `work`, which runs in a thread.

        Args:
            work: whatever it raises is raised here.
            shield: go on although the caller is cancelled, until the end or the timeout.

        Raises:
            TimeoutError: the disk took too long, or hangs since earlier work; an OSError.
        """
        # In a child, threads that were at work when it was forked are not alive.
        if sum(thread.is_alive() for thread in tuple(self._threads)) >= MOST_THREADS:
            raise TimeoutError("the disk hangs")
        try:
            with anyio.fail_after(DISK_TIMEOUT, shield=shield):
                at_work = partial(self._at_work, work)
                return await to_thread.run_sync(at_work, abandon_on_cancel=True)
        except TimeoutError:
            raise TimeoutError(f"the disk took longer than {DISK_TIMEOUT:g} s") from None

    def _at_work(self, work: Callable[[], T]) -> T:
        thread = threading.current_thread()
        self._threads.add(thread)
        try:
            return work()
        finally:
            self._threads.discard(thread)
