"""Time that jumps: in these loops a sleep or a deadline is over at once, and the clock has moved.

A test that takes `anyio_backend` from here runs on asyncio and on trio, hangs for an hour in a few
milliseconds, and measures waits exactly. It cannot use sockets: waiting for one looks idle.
"""

import asyncio
import selectors
from collections.abc import Callable

import pytest


class _JumpingSelector(selectors.SelectSelector):
    """Does not wait until the next timer is due: it makes it due."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            self.now += timeout
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


@pytest.fixture
def jumping_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes asyncio loops whose time jumps."""
    return _JumpingLoop


@pytest.fixture(params=["asyncio", "trio"])
def jumping_time(
    request: pytest.FixtureRequest, jumping_loop: Callable[[], asyncio.AbstractEventLoop]
) -> tuple[str, dict[str, object]]:
    """Both event loops, with time that jumps: for `anyio_backend`."""
    if request.param == "asyncio":
        return "asyncio", {"loop_factory": jumping_loop}
    from trio.testing import MockClock

    return "trio", {"clock": MockClock(autojump_threshold=0)}
