"""The state that all event loops share: it needs none itself."""

import pytest
from tests.support.clock import Clock

from asgi_jwks import KeySetUnavailable
from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.clocks import ElapsedClock
from asgi_jwks.caching.freshness import Phase, TrustPeriod
from asgi_jwks.caching.observer import NoObserver
from asgi_jwks.caching.source import Loaded


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cached(clock: Clock) -> CachedValue[int]:
    return CachedValue(TrustPeriod(), observer=NoObserver(), clock=clock, spread=lambda: 0.0)


def loaded(value: int) -> Loaded[int]:
    return Loaded(value)


def test_nothing_is_there_before_the_first_fetch(cached: CachedValue[int]) -> None:
    assert cached.phase() is Phase.EMPTY
    with pytest.raises(KeySetUnavailable, match="no fetch has ended yet"):
        cached.usable()


def test_a_restored_value_is_as_old_as_it_was(cached: CachedValue[int], clock: Clock) -> None:
    """F6: its trust is counted from its fetch, by whatever process."""
    cached.restore(loaded(1), age=599.0)
    assert (cached.usable(), cached.phase()) == (1, Phase.DUE)
    clock.now += 1.0
    assert cached.phase() is Phase.STALE
    clock.now += 3600.0
    with pytest.raises(KeySetUnavailable):
        cached.usable()


def test_an_older_refresh_that_ends_late_never_overwrites_a_newer_one(
    cached: CachedValue[int], clock: Clock
) -> None:
    """F15: whether it succeeds or fails."""
    late, _ = cached.next_turn()
    newer, before = cached.next_turn()
    assert before is None
    cached.succeeded(newer, loaded(2), began=clock.now)
    cached.succeeded(late, loaded(1), began=clock.now)
    cached.failed(late, OSError("late"), paid=False)
    assert cached.usable() == 2
    assert (cached.last_error, cached.freshness.backoff.failures) == (None, 0)


def test_a_value_that_may_be_outdated_is_due(cached: CachedValue[int]) -> None:
    """F12"""
    cached.restore(loaded(1), age=0.0)
    assert cached.phase() is Phase.FRESH
    cached.mark_due()
    assert cached.phase() is Phase.DUE


class Overtaken:
    """A lock that another thread held, and announced the same under, while this one waited."""

    def __init__(self, cached: CachedValue[int]) -> None:
        self.cached = cached

    def __enter__(self) -> None:
        self.cached._announced = Phase.STALE

    def __exit__(self, *_: object) -> None: ...


def test_a_phase_is_announced_once_by_whoever_is_first(clock: Clock) -> None:
    """F15."""
    told: list[Phase] = []

    class Observer(NoObserver):
        def entered(self, phase: Phase) -> None:
            told.append(phase)

    cached = CachedValue[int](TrustPeriod(), observer=Observer(), clock=clock)
    cached.announce(Phase.EXPIRED)
    cached.announce(Phase.EXPIRED)
    object.__setattr__(cached, "_lock", Overtaken(cached))
    cached.announce(Phase.STALE)
    assert told == [Phase.EXPIRED]


# Time that passes unseen.


class Machine:
    """A machine that can be suspended: its monotonic clock then stands still."""

    monotonic = 1000.0
    wall = 1_700_000_000.0

    def run(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds

    def cached(self) -> CachedValue[int]:
        clock = ElapsedClock(
            monotonic=lambda: self.monotonic,
            boot_time=lambda: self.monotonic,
            wall=lambda: self.wall,
        )
        return CachedValue[int](TrustPeriod(), clock=clock, spread=lambda: 0.5)


def test_a_value_ages_while_the_machine_is_suspended() -> None:
    """F18: its phases come as early as by the wall clock."""
    machine = Machine()
    cached = machine.cached()
    cached.restore(loaded(1), age=0.0)
    for suspended, phase in ((470, Phase.FRESH), (20, Phase.DUE), (120, Phase.STALE)):
        machine.wall += suspended
        assert cached.elapsed() >= cached.unchanged_until or phase is Phase.FRESH
        assert cached.phase() is phase
    machine.wall += 3600
    assert cached.phase() is Phase.EXPIRED
    with pytest.raises(KeySetUnavailable):
        cached.usable()


def test_a_suspension_refills_no_budget_and_ends_no_backoff() -> None:
    """F18: a machine that slept may not be asked to fetch more for it."""
    machine = Machine()
    cached = machine.cached()
    cached.restore(loaded(1), age=0.0)
    assert cached.spend(cached.now())
    assert cached.spend(cached.now())
    turn, _ = cached.next_turn()
    cached.failed(turn, OSError("no"), paid=False)
    machine.wall += 100
    assert cached.freshness.budget.held(cached.now()) == 0
    assert not cached.freshness.backoff.allows(cached.now())
    assert not cached.can_spend()
    machine.run(31)
    assert cached.freshness.backoff.allows(cached.now())
    assert cached.can_spend()


def test_an_answer_that_a_suspension_held_up_is_as_old_as_its_question() -> None:
    """F18: trust counts from the beginning of the fetch."""
    machine = Machine()
    cached = machine.cached()
    began = cached.elapsed()
    turn, _ = cached.next_turn()
    machine.run(1)
    machine.wall += 700
    cached.succeeded(turn, loaded(1), began=began)
    assert cached.phase() is Phase.STALE


def test_a_suspension_that_another_thread_counted_first_is_not_counted_twice() -> None:
    """F15, F18."""
    machine = Machine()
    cached = machine.cached()
    cached.restore(loaded(1), age=0.0)
    machine.wall += 500
    ahead = cached.elapsed() - cached.monotonic()
    cached.now()
    cached._age(ahead)
    assert cached.freshness.stale_at == pytest.approx(cached.now() + 100)


# The part that is served.


def test_the_part_of_a_value_that_is_served_can_be_viewed_anew(clock: Clock) -> None:
    """F17."""
    most = 10
    cached = CachedValue[int](TrustPeriod(), clock=clock, view=lambda value: min(value, most))
    cached.review()
    assert cached.value is None
    cached.restore(loaded(12), age=0.0)
    assert cached.usable() == 10
    most = 5
    assert cached.usable() == 10
    cached.review()
    assert cached.usable() == 5
    most = 100
    cached.review()
    assert cached.usable() == 12


def test_an_observer_hears_of_whole_values(clock: Clock) -> None:
    heard: list[tuple[int | None, int]] = []

    class Observer(NoObserver):
        def refreshed(self, previous: int | None, value: int) -> None:  # type: ignore[override]
            heard.append((previous, value))

    cached = CachedValue[int](
        TrustPeriod(), observer=Observer(), clock=clock, view=lambda value: -value
    )
    for value in (1, 2):
        turn, _ = cached.next_turn()
        cached.succeeded(turn, loaded(value), began=clock())
    assert (heard, cached.usable()) == ([(None, 1), (1, 2)], -2)
