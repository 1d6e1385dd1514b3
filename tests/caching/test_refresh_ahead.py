"""Who waits and who starts a refresh: several loops, rare interleavings, explicit refreshes."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.clocks import ElapsedClock
from asgi_jwks.caching.freshness import TrustPeriod
from asgi_jwks.caching.observer import Observer
from asgi_jwks.caching.refresh_ahead import RefreshAhead
from asgi_jwks.caching.source import Load, Loaded
from asgi_jwks.errors import KeySetUnavailable

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]


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


async def test_a_refresh_that_another_loop_started_is_not_started_again(
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


async def test_keeping_fresh_leaves_a_refresh_to_the_loop_that_started_it(
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
    """C4: until the refresh is due, in slices that notice what became due meanwhile."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await anyio.sleep(seconds)

    with anyio.move_on_after(485):
        await refreshing.keep_fresh(sleep)
    assert set(slept[:15]) == {30}
    assert sum(slept[:16]) == pytest.approx(479.9, abs=0.2)
    assert source.loads == 2
    # Not before it is due, however soon that is.
    wait = refreshing.cached.freshness.refresh_due_at() - anyio.current_time()
    await anyio.sleep(wait - 0.5)
    slept.clear()
    with anyio.move_on_after(0.4):
        await refreshing.keep_fresh(sleep)
    assert slept == [pytest.approx(0.5)]
    assert source.loads == 2


async def test_a_scheduled_refresh_whose_budget_another_thread_spent_is_not_started(
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


async def test_a_scheduled_refresh_is_paid_for_and_given_back_if_it_fails(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F3: the budget pays for it, since a stranger's token has caused it."""
    await refreshing.refresh()
    cached = refreshing.cached
    while cached.spend(anyio.current_time()):
        pass
    await anyio.sleep(31)
    source.fails = True
    assert cached.can_spend()
    assert refreshing.at_hand() == 1
    assert not cached.can_spend()
    assert cached.freshness.budget.held(anyio.current_time()) < 1
    await anyio.sleep(0.2)
    assert cached.failed_fetches == 1
    assert cached.freshness.budget.held(anyio.current_time()) >= 1


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


# Explicit refreshes.


async def test_a_refresh_waits_for_a_fetch_that_began_after_the_call(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F16: what is in progress may bring what was true before."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refreshing.current)
        await anyio.sleep(0.05)
        await refreshing.refresh()
        assert refreshing.at_hand() == 2
    assert source.revalidated == [False, True]


async def test_refreshes_that_are_called_during_one_fetch_share_the_next(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F16: whether that fetch is a refresh itself or not."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refreshing.current)
        for _ in range(5):
            await anyio.sleep(0.01)
            tasks.start_soon(refreshing.refresh)
    assert source.revalidated == [False, True]
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            await anyio.sleep(0.01)
            tasks.start_soon(refreshing.refresh)
    assert source.revalidated == [False, True, True, True]


async def test_a_refresh_ignores_the_backoff_and_raises_on_failure(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F16."""
    source.fails = True
    for _ in range(2):
        with pytest.raises(KeySetUnavailable, match="no"):
            await refreshing.refresh()
    source.fails = False
    await refreshing.refresh()
    assert source.loads == 3


async def test_a_refresh_that_waited_for_a_failed_fetch_fetches_all_the_same(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F16."""
    source.fails = True

    async def fail() -> None:
        with pytest.raises(KeySetUnavailable):
            await refreshing.current()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fail)
        await anyio.sleep(0.05)
        tasks.start_soon(refreshing.refresh)
        await anyio.sleep(0.06)
        source.fails = False
    assert refreshing.at_hand() == 2


# Fetches that end in a strange way.


async def test_an_answer_that_is_late_names_its_source(refreshing: RefreshAhead[int]) -> None:
    """F9, F22."""

    async def load(
        previous: Loaded[int] | None, /, *, attempts: int, revalidate: bool
    ) -> Loaded[int]:
        await anyio.sleep(3600)
        return Loaded(1)

    with pytest.raises(KeySetUnavailable) as late:
        await refresh_ahead(load).refresh()
    assert str(late.value) == "the source: no complete answer within 5 s"


class Cancelling:
    """A load that ends in a CancelledError of its own, on asyncio."""

    def __init__(self, *, at_once: bool) -> None:
        self.loads = 0
        self.at_once = at_once

    async def __call__(
        self, previous: Loaded[int] | None, /, *, attempts: int, revalidate: bool
    ) -> Loaded[int]:
        self.loads += 1
        if not self.at_once:
            await anyio.sleep(0.1)
        raise asyncio.CancelledError


@pytest.mark.parametrize("at_once", [True, False])
def test_a_fetch_that_cancels_itself_has_failed(
    jumping_loop: Callable[[], asyncio.AbstractEventLoop], at_once: bool
) -> None:
    """F10: its waiters are told, and the backoff counts it."""
    load = Cancelling(at_once=at_once)

    async def ask() -> None:
        refreshing = refresh_ahead(load)
        for _ in range(3):
            with pytest.raises(KeySetUnavailable, match="the source: the fetch cancelled itself"):
                await refreshing.current()
        assert load.loads == 1
        assert refreshing.cached.freshness.backoff.failures == 1
        await anyio.sleep(1.3)
        with pytest.raises(KeySetUnavailable):
            await refreshing.current()
        assert load.loads == 2

    with asyncio.Runner(loop_factory=jumping_loop) as runner:
        runner.run(ask())


async def test_a_fetch_that_is_cancelled_from_outside_has_not_failed(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F10."""
    async with anyio.create_task_group() as tasks:

        async def ask() -> None:
            with pytest.raises(KeySetUnavailable, match="no fetch has ended yet"):
                await refreshing.current()

        tasks.start_soon(ask)
        await anyio.sleep(0.05)
        await refreshing.aclose()
    assert refreshing.cached.freshness.backoff.failures == 0
    assert await refreshing.current() == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_end_of_a_loop_is_not_a_failed_fetch(backend: str) -> None:
    """F10, F15."""
    source = Source()

    left = RefreshAhead(source, CachedValue[int](TrustPeriod()), source=lambda: "the source")

    async def leave_a_fetch_behind() -> None:
        left._start(left.cached.now())
        for _ in range(3):
            await anyio.lowlevel.checkpoint()

    anyio.run(leave_a_fetch_behind, backend=backend)
    assert source.loads == 1
    assert left.cached.freshness.backoff.failures == 0


# A machine that is suspended.


async def test_a_request_after_a_suspension_waits_for_news(source: Source) -> None:
    """F18: the value at hand has aged by the time that no clock of the loop shows."""
    suspended = [0.0]
    clock = ElapsedClock(
        monotonic=anyio.current_time,
        boot_time=lambda: anyio.current_time() + suspended[0],
        wall=lambda: anyio.current_time() + suspended[0],
    )
    cached = CachedValue[int](TrustPeriod(), clock=clock, spread=lambda: 0.5)
    refreshing = RefreshAhead(source, cached, source=lambda: "the source")
    await refreshing.refresh()
    suspended[0] = 86_400
    source.fails = True
    with pytest.raises(KeySetUnavailable):
        await refreshing.current()
    source.fails = False
    await anyio.sleep(2)
    assert await refreshing.current() == 3


async def test_a_search_is_final_only_after_a_fetch_that_has_succeeded(
    refreshing: RefreshAhead[int], source: Source
) -> None:
    """F3, F11, B13: else nobody may be told that there is no such key."""

    async def look() -> tuple[bool, int]:
        before = source.loads
        is_final = await refreshing.refetched(anyio.current_time(), lambda value: False)
        return is_final, source.loads - before

    await refreshing.refresh()
    source.fails = True
    assert await look() == (False, 1)
    # During the pause, which the source has earned.
    source.fails = False
    assert await look() == (False, 0)
    await anyio.sleep(300.0)
    assert [await look() for _ in range(3)] == [(True, 1), (True, 1), (False, 0)]
    # A value that has it needs no fetch.
    assert await refreshing.refetched(anyio.current_time(), lambda value: True)
