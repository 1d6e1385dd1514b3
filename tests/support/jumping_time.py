"""Time that jumps: in these loops a sleep or a deadline is over at once, and the clock has moved.

A test that takes `anyio_backend` from here runs on asyncio and on trio, hangs for an hour in a few
milliseconds, and measures waits exactly. It cannot use sockets: waiting for one looks idle.
"""

import asyncio
import selectors
from collections.abc import Callable

import pytest


class JumpingTime:
    """The one time of asyncio loops that run one after the other."""

    def __init__(self) -> None:
        self.now = 1000.0

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """A loop whose time is this one."""
        return _JumpingLoop(self)


class _JumpingSelector(selectors.SelectSelector):
    """Does not wait until the next timer is due: it makes it due."""

    def __init__(self, time: JumpingTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self._time.now += timeout
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self, time: JumpingTime) -> None:
        self._jumping_time = time
        super().__init__(_JumpingSelector(time))

    def time(self) -> float:
        return self._jumping_time.now


@pytest.fixture
def jumping_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes asyncio loops whose time jumps, each for itself."""
    return lambda: JumpingTime().new_loop()


@pytest.fixture(params=["asyncio", "trio"])
def jumping_time(
    request: pytest.FixtureRequest, jumping_loop: Callable[[], asyncio.AbstractEventLoop]
) -> tuple[str, dict[str, object]]:
    """Both event loops, with time that jumps: for `anyio_backend`."""
    if request.param == "asyncio":
        return "asyncio", {"loop_factory": jumping_loop}
    from trio.testing import MockClock

    return "trio", {"clock": MockClock(autojump_threshold=0)}
