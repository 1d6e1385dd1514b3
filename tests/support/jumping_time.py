"""Time that jumps: in these loops a sleep or a deadline is over at once, and the clock has moved.

A test with `pytest.mark.jumping_time` runs on asyncio and on trio, hangs for an hour in a few
milliseconds, and measures waits exactly. It cannot use sockets: waiting for one looks idle.
"""

import asyncio
import selectors
from collections.abc import Callable

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark."""
    config.addinivalue_line("markers", "jumping_time: in the event loop of the test, time jumps")


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


@pytest.fixture
def jumping_backend(
    jumping_loop: Callable[[], asyncio.AbstractEventLoop],
) -> Callable[[str], tuple[str, dict[str, object]]]:
    """Makes of the name of an event loop one whose time jumps, for `anyio_backend`."""

    def backend(name: str) -> tuple[str, dict[str, object]]:
        if name == "asyncio":
            return name, {"loop_factory": jumping_loop}
        from trio.testing import MockClock

        return name, {"clock": MockClock(autojump_threshold=0)}

    return backend
