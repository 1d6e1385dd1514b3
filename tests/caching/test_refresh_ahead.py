"""Refreshing by itself: what several loops and rare interleavings do to its state."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from asgi_jwks.caching.cached_value import CachedValue, Loaded, Observer
from asgi_jwks.caching.freshness import TrustPeriod
from asgi_jwks.caching.refresh_ahead import Load, RefreshAhead
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
        self.revalidated: list[bool] = []
        self.fails = False

    async def __call__(
        self, previous: Loaded[int] | None, /, *, attempts: int, revalidate: bool
    ) -> Loaded[int]:
        self.loads += 1
        self.revalidated.append(revalidate)
        self.attempts.append(attempts)
        number = self.loads
        await anyio.sleep(0.1)
        if self.fails:
            raise OSError("no")
        return Loaded(number)


def refresh_ahead(load: Load[int], *, observer: Observer[int] | None = None) -> RefreshAhead[int]:
    cached = CachedValue[int](
        TrustPeriod(), observer=observer, clock=anyio.current_time, spread=lambda: 0.5
    )
    return RefreshAhead(load, cached, source=lambda: "the source")


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def refreshing(source: Source) -> RefreshAhead[int]:
    return refresh_ahead(source)


async def test_a_failing_endpoint_is_asked_once_at_a_time(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F6."""
    source.fails = True
    for _ in range(2):
        with pytest.raises(KeySetUnavailable):
            await refreshing.refresh()
    assert source.attempts == [2, 1]


async def test_a_refresh_that_another_loop_began_is_not_begun_again(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F15: in the background; who waits for one has one of its own."""
    await refreshing.refresh()
    await anyio.sleep(500)
    refreshing.cached.refresh_started(anyio.current_time())
    assert refreshing.at_hand() == 1
    assert not refreshing.is_refreshing()
    await anyio.sleep(99.5)
    refreshing.cached.refresh_started(anyio.current_time())
    await anyio.sleep(0.9)
    assert await refreshing.current() == 2
    assert source.loads == 2


async def test_keeping_fresh_leaves_a_refresh_to_the_loop_that_began_it(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """C4, F15."""
    await refreshing.refresh()
    await anyio.sleep(500)
    refreshing.cached.refresh_started(anyio.current_time())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refreshing.keep_fresh)
        await anyio.sleep(4)
        assert source.loads == 1
        await anyio.sleep(3)
        assert source.loads == 2
        tasks.cancel_scope.cancel()


async def test_keeping_fresh_sleeps_as_it_is_told(
    refreshing: RefreshAhead[int], source: Source
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
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F3."""
    await refreshing.refresh()
    state = refreshing.cached.freshness.with_refresh_scheduled(anyio.current_time())
    while (spent := state.after_spending(anyio.current_time())) is not None:
        state = spent
    wanted = state.with_refresh_scheduled(anyio.current_time() - 31)
    refreshing.cached._set(wanted)
    assert refreshing.at_hand() == 1
    assert not refreshing.is_refreshing()
    assert source.loads == 1


async def test_a_value_that_another_thread_has_just_refreshed_is_at_hand(
    refreshing: RefreshAhead[int],
) -> None:
    """F15: between the two looks that a request takes."""
    await refreshing.refresh()
    assert refreshing._looked_at_again(anyio.current_time()) == 1
    assert await refreshing.current() == 1


async def test_a_restored_value_is_as_old_as_it_is(refreshing: RefreshAhead[int]) -> None:
    """F6."""
    refreshing.cached.restore(Loaded(7), age=500)
    assert refreshing.at_hand() == 7
    assert refreshing.is_refreshing()
    await anyio.sleep(0.2)
    assert refreshing.cached.usable() == 1


ASKERS: list[Callable[[RefreshAhead[int]], Awaitable[object]]] = [
    lambda refreshing: refreshing.current(),
    lambda refreshing: refreshing.refreshed_if_due(),
]


@pytest.mark.parametrize("ask", ASKERS)
async def test_whatever_asks_for_it_there_is_one_refresh(
    refreshing: RefreshAhead[int],
    source: Source,
    ask: Callable[[RefreshAhead[int]], Awaitable[object]],
) -> None:
    """F1."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refreshing.refresh)
        await anyio.sleep(0.01)
        await ask(refreshing)
    assert source.loads == 1
