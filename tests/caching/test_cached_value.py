"""The state that all event loops share: it needs none itself."""

import pytest
from asgi_jwks.caching.fetched import Fetched, Nobody

from asgi_jwks import KeySetUnavailable
from asgi_jwks.caching.cached_value import Kept
from asgi_jwks.caching.freshness import Phase, TrustPeriod


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Clock) -> Kept[int]:
    return Kept(TrustPeriod(), observer=Nobody(), clock=clock, spread=lambda: 0.0)


def fetched(value: int) -> Fetched[int]:
    return Fetched(value, "", b"")


def test_nothing_is_there_before_the_first_fetch(kept: Kept[int]) -> None:
    assert kept.phase() is Phase.EMPTY
    with pytest.raises(KeySetUnavailable, match="no fetch has ended yet"):
        kept.value()


def test_a_restored_value_is_as_old_as_it_was(kept: Kept[int], clock: Clock) -> None:
    """F6: its trust is counted from its fetch, by whatever process."""
    kept.restore(fetched(1), age=599.0)
    assert (kept.value(), kept.phase()) == (1, Phase.DUE)
    clock.now += 1.0
    assert kept.phase() is Phase.STALE
    clock.now += 3600.0
    with pytest.raises(KeySetUnavailable):
        kept.value()


def test_an_older_refresh_that_ends_late_never_overwrites_a_newer_one(
    kept: Kept[int], clock: Clock
) -> None:
    """F15: whether it succeeds or fails."""
    late, _ = kept._take_turn()
    newer, before = kept._take_turn()
    assert before is None
    kept._succeed(newer, fetched(2), started=clock.now)
    kept._succeed(late, fetched(1), started=clock.now)
    kept._fail(late, OSError("late"), paid=False)
    assert kept.value() == 2
    assert (kept.last_error, kept.freshness.failures) == (None, 0)


def test_a_value_in_doubt_is_due(kept: Kept[int]) -> None:
    """F12"""
    kept.restore(fetched(1), age=0.0)
    assert kept.phase() is Phase.FRESH
    kept.doubt()
    assert kept.phase() is Phase.DUE
