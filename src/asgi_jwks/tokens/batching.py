"""Tokens that arrive together are verified together, before any of their requests goes on.

What lives only here: whether a verification lets the ones that wait behind it go first. What it
does not know: tokens, and what a request does once its token is verified.

What a request does next is to run the application and to write to its socket, and the kernel's work
for that pushes RSA and the code around it out of the processor's caches. Under uvicorn, with 16
connections and new tokens only, a server has 0.38 of its capacity without authentication in this
way, and 0.30 if each request goes on at once (`tests/benchmarks/over_sockets.py`).
"""

import asyncio
import types
from collections.abc import Generator
from typing import Any

__all__ = ["Pacing", "yield_once"]


@types.coroutine
def yield_once() -> Generator[None, None, None]:
    """Let the other tasks of this pass go first: `asyncio.sleep(0)` without its two calls."""
    yield


class Pacing:
    """Knows whether one pass of the event loop has several verifications to make.

    The tasks of requests that arrived together run in one pass, one after the other: the second
    one tells it, and for the first one of a pass, what the pass before was like. A request that
    comes alone is not held up, nor are those that one task makes in turn.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first: asyncio.Task[Any] | None = None
        self._was_crowded = False

    def is_crowded(self) -> bool:
        """Whether to let others go first, by `yield_once`; to be asked after a verification."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # Trio runs the tasks of a pass in random order: there is nothing to be gained.
            return False
        task = asyncio.current_task(loop)
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
