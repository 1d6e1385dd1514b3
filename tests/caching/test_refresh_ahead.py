"""Refreshing by itself: what several loops and rare interleavings do to its state."""

from collections.abc import Awaitable, Callable

import anyio
import pytest
from asgi_jwks.caching.fetched import Fetched

from asgi_jwks.caching.freshness import Phase, TrustPeriod
from asgi_jwks.caching.refresh_ahead import Refreshing
from asgi_jwks.errors import KeySetUnavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend(
    jumping_time: tuple[str, dict[str, object]],
) -> tuple[str, dict[str, object]]:
    return jumping_time


class Source:
    """Loads numbers that count up, unless told to fail."""

    def __init__(self) -> None:
        self.loads = 0
        self.attempts: list[int] = []
        self.fails = False

    async def __call__(self, previous: Fetched[int] | None, attempts: int) -> Fetched[int]:
        self.loads += 1
        self.attempts.append(attempts)
        number = self.loads
        await anyio.sleep(0.1)
        if self.fails:
            raise OSError("no")
        return Fetched(number, "", b"")


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def refreshing(source: Source) -> Refreshing[int]:
    return Refreshing(source, period=TrustPeriod(), clock=anyio.current_time, spread=lambda: 0.5)


async def test_a_failing_endpoint_is_asked_once_at_a_time(
    refreshing: Refreshing[int], source: Source
) -> None:
    """F6."""
    source.fails = True
    for _ in range(2):
        with pytest.raises(KeySetUnavailable):
            await refreshing.refresh()
    assert source.attempts == [2, 1]


async def test_a_refresh_that_another_loop_began_is_not_begun_again(
    refreshing: Refreshing[int], source: Source
) -> None:
    """F15: in the background; who waits for one has one of its own."""
    await refreshing.refresh()
    await anyio.sleep(500)
    refreshing._set(refreshing.freshness.begun(refreshing.period, anyio.current_time()))
    assert refreshing.at_hand() == 1
    assert not refreshing.is_refreshing()
    await anyio.sleep(99.5)
    refreshing._set(refreshing.freshness.begun(refreshing.period, anyio.current_time()))
    await anyio.sleep(0.9)
    assert await refreshing.current() == 2
    assert source.loads == 2


async def test_keeping_fresh_leaves_a_refresh_to_the_loop_that_began_it(
    refreshing: Refreshing[int], source: Source
) -> None:
    """C4, F15."""
    await refreshing.refresh()
    await anyio.sleep(500)
    refreshing._set(refreshing.freshness.begun(refreshing.period, anyio.current_time()))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refreshing.keep_fresh)
        await anyio.sleep(4)
        assert source.loads == 1
        await anyio.sleep(3)
        assert source.loads == 2
        tasks.cancel_scope.cancel()


async def test_keeping_fresh_sleeps_as_it_is_told(
    refreshing: Refreshing[int], source: Source
) -> None:
    """C4: until the refresh is due, in slices that notice what came to be owed meanwhile."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await anyio.sleep(seconds)

    with anyio.move_on_after(485):
        await refreshing.keep_fresh(sleep)
    assert set(slept[:15]) == {30}
    assert sum(slept[:16]) == pytest.approx(479.9, abs=0.2)
    assert source.loads == 2


async def test_a_refresh_owed_to_a_budget_that_another_thread_spent_is_not_begun(
    refreshing: Refreshing[int], source: Source
) -> None:
    """F3."""
    await refreshing.refresh()
    state = refreshing.freshness.want(anyio.current_time())
    while (spent := state.spend(anyio.current_time())) is not None:
        state = spent
    wanted = state.want(anyio.current_time() - 31)
    refreshing._set(wanted)
    assert refreshing.at_hand() == 1
    assert not refreshing.is_refreshing()
    assert source.loads == 1


async def test_a_value_that_another_thread_has_just_refreshed_is_at_hand(
    refreshing: Refreshing[int],
) -> None:
    """F15: between the two looks that a request takes."""
    await refreshing.refresh()
    assert refreshing._attend(anyio.current_time()) == 1
    assert await refreshing.current() == 1


async def test_a_phase_is_announced_once_by_whoever_is_first(
    refreshing: Refreshing[int],
) -> None:
    """F15."""
    told: list[Phase] = []

    class Observer:
        def entered(self, phase: Phase) -> None:
            told.append(phase)

        def refreshed(self, previous: int | None, value: int) -> None: ...
        def failed(self, error: Exception, *, failures: int, retry_in: float) -> None: ...
        def budget_exhausted(self) -> None: ...

    announcing = Refreshing(
        Source(), period=TrustPeriod(), observer=Observer(), clock=anyio.current_time
    )

    class Overtaken:
        """A lock that another thread held, and announced the same under, while this one waited."""

        def __enter__(self) -> None:
            announcing._announced = Phase.STALE

        def __exit__(self, *_: object) -> None: ...

    announcing._announce(Phase.EXPIRED)
    announcing._announce(Phase.EXPIRED)
    object.__setattr__(announcing, "_lock", Overtaken())
    announcing._announce(Phase.STALE)
    assert told == [Phase.EXPIRED]


async def test_a_restored_value_is_as_old_as_it_is(refreshing: Refreshing[int]) -> None:
    """F6."""
    refreshing.restore(Fetched(7, "", b""), age=500)
    assert refreshing.at_hand() == 7
    assert refreshing.is_refreshing()
    await anyio.sleep(0.2)
    assert refreshing.value() == 1


ASKERS: list[Callable[[Refreshing[int]], Awaitable[object]]] = [
    lambda refreshing: refreshing.current(),
    lambda refreshing: refreshing.renewed(),
    lambda refreshing: refreshing.refresh(),
]


@pytest.mark.parametrize("ask", ASKERS)
async def test_whatever_asks_for_it_there_is_one_refresh(
    refreshing: Refreshing[int],
    source: Source,
    ask: Callable[[Refreshing[int]], Awaitable[object]],
) -> None:
    """F1."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refreshing.refresh)
        await anyio.sleep(0.01)
        await ask(refreshing)
    assert source.loads == 1
