"""Tokens that arrive together are verified together, before any of their requests goes on.

After a verification a request runs the application and writes to its socket, and the kernel's work
for that pushes the code of RSA out of the processor's caches (over_sockets, all new).
"""

import asyncio
import types
from collections.abc import Generator
from typing import Any

__all__ = ["Batching", "yield_once"]


@types.coroutine
def yield_once() -> Generator[None, None, None]:
    """Let the other tasks of this pass go first."""
    yield


class Batching:
    """Knows whether one pass of the event loop has several verifications to make.

    The tasks of requests that arrived together run in one pass, one after the other: the second
    one tells it, and for the first one of a pass, the pass before did. A request that comes alone
    is not held up, nor are those that one task makes in turn.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first: asyncio.Task[Any] | None = None
        self._was_crowded = False

    def is_crowded(self) -> bool:
        """Whether to let others go first by `yield_once`; to be asked after each verification."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # Trio runs the tasks of a pass in random order: there is nothing to be gained.
            return False
        task = asyncio.current_task(loop)
        if task is None:
            # A task of trio's as a guest of this loop: it does not know a bare `yield`.
            return False
        # Another loop: one that was closed before its pass was over, or that of another thread.
        if self._loop is not loop:
            self._loop, self._first = loop, task
            loop.call_soon(self._end_pass)
            was_crowded, self._was_crowded = self._was_crowded, False
            return was_crowded
        if task is self._first:
            return False
        self._was_crowded = True
        return True

    def _end_pass(self) -> None:
        self._loop = self._first = None
