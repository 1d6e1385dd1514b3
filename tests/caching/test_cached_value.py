"""The state that all event loops share: it needs none itself."""

import pytest

from asgi_jwks import KeySetUnavailable
from asgi_jwks.caching.cached_value import CachedValue, Loaded, NoObserver
from asgi_jwks.caching.freshness import Phase, TrustPeriod


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


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
