"""The refetch budget and the backoff, at given times."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.caching.budget import Backoff, Budget
from asgi_jwks.errors import ConfigurationError


def spend_all(budget: Budget, now: float) -> tuple[int, Budget]:
    """How often the budget pays at `now`, and the rest of it."""
    times = 0
    while (paid := budget.after_spending(now)) is not None:
        times, budget = times + 1, paid
    return times, budget


def failed(backoff: Backoff, now: float, *, retry_after: float | None = None) -> Backoff:
    return backoff.after_failure(now, spread=0.0, retry_after=retry_after)


# The budget.


def test_a_budget_pays_for_two_fetches_and_one_more_every_half_minute() -> None:
    """F3."""
    times, budget = spend_all(Budget(), 0)
    assert times == 2
    assert budget.after_spending(29.9) is None
    assert budget.available_at() == pytest.approx(30, abs=1e-3)
    times, budget = spend_all(budget, 30)
    assert times == 1
    assert spend_all(budget, 1e9)[0] == 2


def test_burst_and_interval_are_options() -> None:
    """F20."""
    times, budget = spend_all(Budget(burst=5, interval=2), 0)
    assert times == 5
    assert spend_all(budget, 2)[0] == 1
    assert spend_all(budget, 6)[0] == 3


@pytest.mark.parametrize("burst", [1, 100])
@pytest.mark.parametrize("interval", [1, 1.5, 600])
def test_the_floor_and_the_ceiling_are_possible(burst: int, interval: float) -> None:
    """F20."""
    assert spend_all(Budget(burst=burst, interval=interval), 0)[0] == burst


@pytest.mark.parametrize("burst", [0, 101, -1, 2.0, True, "2", None])
def test_a_burst_is_a_whole_number_from_1_to_100(burst: int) -> None:
    """F20, A11."""
    with pytest.raises(ConfigurationError, match=r"refetch_burst must be .* Write refetch_burst=2"):
        Budget(burst=burst)


@pytest.mark.parametrize("interval", [0, 0.9, 600.1, -1, math.nan, math.inf, "30", None, True])
def test_an_interval_is_from_1_to_600_seconds(interval: float) -> None:
    """F20, A11."""
    with pytest.raises(ConfigurationError, match="refetch_interval must be"):
        Budget(interval=interval)


def test_a_fetch_that_failed_is_given_back() -> None:
    budget = Budget().after_spending(0)
    assert budget is not None
    assert budget.held(0) == 1
    assert budget.refunded().held(0) == 2
    assert Budget().refunded().held(0) == 2


def test_a_clock_that_stands_still_or_goes_back_refills_nothing() -> None:
    _, budget = spend_all(Budget(), 100)
    assert budget.after_spending(100) is None
    assert budget.after_spending(-1000) is None


times = st.lists(st.floats(0, 1e6), min_size=1, max_size=60).map(sorted)


@given(times, st.integers(1, 100), st.floats(1, 600))
def test_however_often_it_is_asked_a_budget_pays_no_more_than_it_states(
    asked_at: list[float], burst: int, interval: float
) -> None:
    """F3, F20: a burst, and one more in each interval."""
    budget, paid_at = Budget(burst=burst, interval=interval), []
    for now in asked_at:
        paid = budget.after_spending(now)
        if paid is None:
            assert budget.available_at() > now - 1e-3
            assert budget.after_spending(budget.available_at() + 1e-3) is not None
        else:
            budget = paid
            paid_at.append(now)
    for first, start in enumerate(paid_at):
        for last, end in enumerate(paid_at[first:], first):
            assert last - first + 1 <= burst + (end - start) / interval + 1e-3


# The backoff.


def test_a_backoff_doubles_from_a_second_to_a_minute() -> None:
    """F6."""
    backoff, delays = Backoff(), []
    for _ in range(1100):
        backoff = failed(backoff, 0)
        delays.append(backoff.ends_at)
    assert delays[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert set(delays[8:]) == {60}


@pytest.mark.parametrize(("spread", "delay"), [(0, 1), (0.5, 1.125), (1, 1.25)])
def test_a_backoff_is_spread(spread: float, delay: float) -> None:
    """F6."""
    assert Backoff().after_failure(0, spread=spread, retry_after=None).ends_at == delay


@pytest.mark.parametrize(
    ("asked", "delay"), [(None, 1), (0, 1), (0.5, 1), (120, 120), (300, 300), (86400, 300)]
)
def test_the_endpoint_may_ask_for_a_longer_pause_up_to_five_minutes(
    asked: float | None, delay: float
) -> None:
    """F11."""
    assert failed(Backoff(), 0, retry_after=asked).ends_at == delay


def test_during_the_backoff_nothing_is_allowed() -> None:
    """F7."""
    assert Backoff().allows(0)
    backoff = failed(Backoff(), 100)
    assert not backoff.allows(100.9)
    assert backoff.allows(101)


def test_retry_after_for_clients_is_the_rest_of_the_backoff_and_at_least_a_second() -> None:
    """F7."""
    backoff = failed(Backoff(), 100, retry_after=30)
    assert [backoff.retry_after(now) for now in (100, 120, 129.5, 200)] == [30, 10, 1, 1]


def test_failures_are_recent_until_a_minute_after_the_backoff() -> None:
    """F6: during an outage nobody waits; a failure of long ago is no reason not to wait."""
    backoff = failed(Backoff(), 500)
    assert backoff.is_recent(500)
    assert backoff.is_recent(560.9)
    assert not backoff.is_recent(561)
    assert not Backoff().is_recent(500)
