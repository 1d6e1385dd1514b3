"""Event loops that run by turns in one time that jumps, on asyncio or on trio.

A loop stands still between two turns, with whatever it has in progress: a fetch of one may end long
after a later one of the other. Nothing waits for time to pass.
"""

import asyncio
import math
import threading
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import trio
from tests.support.jumping_time import JumpingTime

__all__ = ["BACKENDS", "AsyncioRunner", "Runner", "TrioRunner", "new_runner"]

T = TypeVar("T")

BACKENDS = ("asyncio", "trio")

# Seconds of real time, within which a loop does anything that it can do.
PATIENCE = 30.0


class Runner(Protocol):
    """One event loop."""

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of the work; time jumps until it has ended, and then stands still."""
        ...

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        """Start work that goes on whenever the loop has a turn; to be called in a turn."""
        ...

    def close(self) -> None:
        """End the loop."""
        ...


class AsyncioRunner:
    """A loop of asyncio."""

    def __init__(self, time: JumpingTime) -> None:
        self._runner = asyncio.Runner(loop_factory=time.new_loop)
        self._spawned: list[asyncio.Future[None]] = []

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def main() -> T:
            return await work()

        return self._runner.run(main())

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        self._spawned.append(asyncio.ensure_future(work()))

    def close(self) -> None:
        self._runner.close()


class _JumpingClock(trio.abc.Clock):
    """Makes the next deadline due, instead of waiting for it, while its loop has a turn."""

    def __init__(self, time: JumpingTime) -> None:
        self._time = time
        self.stands_still = threading.Event()
        self.is_idle = threading.Event()

    def start_clock(self) -> None:
        """There is nothing to start."""

    def current_time(self) -> float:
        return self._time.now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        # Called only when no task of the loop can go on.
        if self.stands_still.is_set():
            self.is_idle.set()
            return math.inf
        if deadline < math.inf:
            self._time.now = max(self._time.now, deadline)
            return 0
        return math.inf


class TrioRunner:
    """A loop of trio's, in a thread of its own."""

    def __init__(self, time: JumpingTime) -> None:
        self._clock = _JumpingClock(time)
        self._token: trio.lowlevel.TrioToken | None = None
        self._scope = trio.CancelScope()
        self._clock.stands_still.set()
        self._thread = threading.Thread(
            target=lambda: trio.run(self._stay, clock=self._clock), daemon=True
        )
        self._thread.start()
        self._wait_until_idle()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def main() -> T:
            self._clock.stands_still.clear()
            try:
                return await work()
            finally:
                self._clock.is_idle.clear()
                self._clock.stands_still.set()

        try:
            return trio.from_thread.run(main, trio_token=self._token)
        finally:
            self._wait_until_idle()

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        trio.lowlevel.spawn_system_task(work)

    def close(self) -> None:
        assert self._token is not None
        self._token.run_sync_soon(self._scope.cancel)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    async def _stay(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            await trio.sleep_forever()

    def _wait_until_idle(self) -> None:
        assert self._clock.is_idle.wait(PATIENCE), "the loop does not come to rest"


def new_runner(backend: str, time: JumpingTime) -> Runner:
    """A loop of this backend, whose time is this one."""
    return AsyncioRunner(time) if backend == "asyncio" else TrioRunner(time)
