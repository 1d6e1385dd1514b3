"""The three clocks, the budget and the backoff, at given times."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.freshness import Freshness, Phase, TrustPeriod
from asgi_jwks.errors import ConfigurationError

PERIOD = TrustPeriod()


def fetched(
    *, started: float = 0.0, advised: float | None = None, spread: float = 0.5
) -> Freshness:
    return Freshness().after_success(PERIOD, started=started, advised=advised, spread=spread)


def failed(
    state: Freshness, now: float, *, retry_after: float | None = None, paid: bool = False
) -> Freshness:
    return state.after_failure(now, spread=0.0, retry_after=retry_after, paid=paid)


# Durations.


@pytest.mark.parametrize("name", ["max_age", "max_stale", "max_wait", "timeout"])
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, -1, pytest.param(10**400, id="10**400"), True, "60", None],
)
def test_a_duration_is_a_finite_number_of_seconds(name: str, value: float) -> None:
    """F14."""
    with pytest.raises(ConfigurationError, match=rf"{name} must be .*Write for example {name}=60"):
        TrustPeriod(**{name: value})


@pytest.mark.parametrize("name", ["max_age", "timeout"])
def test_a_duration_that_must_be_positive_is_not_zero(name: str) -> None:
    """F14."""
    with pytest.raises(ConfigurationError, match="greater than zero"):
        TrustPeriod(**{name: 0})


def test_no_stale_keys_and_no_waiting_are_possible() -> None:
    period = TrustPeriod(max_stale=0, max_wait=0)
    state = Freshness().after_success(period, started=0, advised=None, spread=0.5)
    assert state.phase(599.9) is Phase.DUE
    assert state.phase(600) is Phase.EXPIRED


@pytest.mark.parametrize(
    ("advised", "lifetime"),
    [(None, 600), (0, 60), (15, 60), (60, 60), (300, 300), (600, 600), (44 * 86400, 600)],
)
def test_advice_counts_between_a_minute_and_max_age(advised: float | None, lifetime: float) -> None:
    """F11: Cache-Control shortens, never lengthens."""
    assert PERIOD.lifetime(advised) == lifetime


def test_advice_does_not_lengthen_a_max_age_below_a_minute() -> None:
    """F11."""
    assert TrustPeriod(max_age=5).lifetime(15) == 5


# The clocks.


def test_nothing_is_there_before_the_first_fetch() -> None:
    state = Freshness()
    assert state.phase(0) is Phase.EMPTY
    assert state.refresh_due_at() == -math.inf
    assert state.unchanged_until() == -math.inf
    assert state.can_start_refresh(PERIOD, 0)


@pytest.mark.parametrize(
    ("now", "phase"),
    [
        (0, Phase.FRESH),
        (479.9, Phase.FRESH),
        (480, Phase.DUE),
        (599.9, Phase.DUE),
        (600, Phase.STALE),
        (4199.9, Phase.STALE),
        (4200, Phase.EXPIRED),
        (1e9, Phase.EXPIRED),
    ],
)
def test_a_fetched_value_goes_through_its_phases(now: float, phase: Phase) -> None:
    assert fetched().phase(now) is phase


def test_trust_counts_from_the_start_of_the_fetch() -> None:
    """F5: what was removed while the answer was on its way is not trusted longer for it."""
    state = fetched(started=100)
    assert (state.stale_at, state.expires_at) == (700, 4300)


@pytest.mark.parametrize(("spread", "due_at"), [(0, 450), (0.5, 480), (1, 510)])
def test_the_next_refresh_is_spread_around_four_fifths(spread: float, due_at: float) -> None:
    assert fetched(spread=spread).due_at == pytest.approx(due_at)


def test_a_fresh_value_needs_no_second_look_until_a_refresh_is_due() -> None:
    assert fetched().unchanged_until() == 480
    assert fetched().with_refresh_scheduled(10).unchanged_until() == 10
    assert failed(fetched(), 10).unchanged_until() == 11
    assert failed(fetched(), 599.5).unchanged_until() == 600


# The backoff.


def test_during_the_backoff_nothing_may_be_fetched() -> None:
    """F7."""
    state = failed(Freshness(), 100)
    assert not state.backoff.allows(100.9)
    assert not state.can_start_refresh(PERIOD, 100.9)
    assert state.backoff.allows(101)
    assert state.can_start_refresh(PERIOD, 101)


def test_a_failed_refresh_is_due_again_when_the_backoff_ends() -> None:
    """F6: however fresh the value at hand is."""
    state = failed(fetched(), 10)
    assert state.refresh_due_at() == 11
    assert state.phase(10.9) is Phase.FRESH
    assert state.phase(11) is Phase.DUE


def test_success_ends_the_backoff() -> None:
    state = failed(fetched(), 10).after_success(PERIOD, started=20, advised=None, spread=0.5)
    assert (state.backoff.failures, state.backoff.allows(10)) == (0, True)


# Time that passed unseen.


def test_an_aged_value_is_older_by_what_passed_unseen() -> None:
    """F18: budget, backoff and runs in progress are not."""
    state = failed(fetched(started=100), 150).after_start(PERIOD, 152)
    aged = state.aged(40)
    assert (aged.fetched_at, aged.due_at, aged.stale_at, aged.expires_at) == (60, 540, 660, 4260)
    assert (aged.backoff, aged.budget) == (state.backoff, state.budget)
    assert (aged.started_at, aged.scheduled_at) == (152, math.inf)
    assert Freshness().aged(40) == Freshness()


# One background refresh at a time.


def test_while_a_refresh_may_be_running_no_other_begins_in_the_background() -> None:
    state = fetched().after_start(PERIOD, 480)
    assert not state.can_start_refresh(PERIOD, 484.9)
    assert state.can_start_refresh(PERIOD, 485)


def test_of_refreshes_side_by_side_the_first_counts() -> None:
    state = fetched().after_start(PERIOD, 480).after_start(PERIOD, 483)
    assert state.started_at == 480
    assert state.after_start(PERIOD, 485).started_at == 485


def test_a_refresh_that_ended_is_not_running() -> None:
    begun = fetched().after_start(PERIOD, 480)
    assert failed(begun, 481).started_at == -math.inf
    assert begun.after_success(PERIOD, started=480, advised=None, spread=0).started_at == -math.inf


# The budget.


def spend_all(state: Freshness, now: float) -> tuple[int, Freshness]:
    """How often the budget pays at `now`, and what is left."""
    times = 0
    while (paid := state.after_spending(now)) is not None:
        times, state = times + 1, paid
    return times, state


def test_a_refetch_paid_for_in_vain_is_given_back() -> None:
    state = fetched().after_spending(0)
    assert state is not None
    assert state.budget.held(0) == 1
    assert failed(state, 0, paid=True).budget.held(0) == 2
    assert failed(state, 0, paid=False).budget.held(0) == 1
    assert failed(fetched(), 0, paid=True).budget.held(0) == 2


def test_an_empty_budget_schedules_a_refresh_for_its_refill() -> None:
    """F4."""
    _, state = spend_all(fetched(), 0)
    wanted = state.with_refresh_scheduled(10)
    assert wanted.refresh_due_at() == pytest.approx(30)
    assert wanted.phase(29) is Phase.FRESH
    assert wanted.phase(30.001) is Phase.DUE
    assert wanted.with_refresh_scheduled(20).scheduled_at == pytest.approx(30)
    assert wanted.is_due_by_schedule_alone(30.001)
    assert wanted.after_spending(wanted.scheduled_at) is not None


def test_a_refresh_that_is_due_by_the_clock_is_not_paid_for() -> None:
    wanted = fetched().with_refresh_scheduled(0)
    assert not wanted.is_due_by_schedule_alone(480)
    assert not failed(wanted, 1).is_due_by_schedule_alone(3)
    assert not fetched().is_due_by_schedule_alone(470)


def test_success_and_payment_end_the_schedule() -> None:
    wanted = replace(fetched(), budget=Budget(spent=2.0, as_of=0.0)).with_refresh_scheduled(0)
    paid = wanted.after_spending(30)
    assert paid is not None
    assert paid.scheduled_at == math.inf
    assert wanted.after_success(PERIOD, started=1, advised=None, spread=0).scheduled_at == math.inf


times = st.lists(st.floats(0, 1e6), min_size=1, max_size=60).map(sorted)


@given(times)
def test_however_often_it_is_asked_the_budget_pays_no_more_than_it_states(
    asked_at: list[float],
) -> None:
    """F3: a burst of two, and one more every 30 s."""
    state, paid_at = fetched(), []
    for now in asked_at:
        paid = state.after_spending(now)
        if paid is None:
            state = state.with_refresh_scheduled(now)
            assert state.scheduled_at >= now
            assert state.after_spending(state.scheduled_at) is not None
        else:
            state = paid
            paid_at.append(now)
    for first, start in enumerate(paid_at):
        for last, end in enumerate(paid_at[first:], first):
            assert last - first + 1 <= 2 + (end - start) / 30 + 1e-3


@given(times, st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1e9)))
def test_whatever_fails_the_next_fetch_is_a_second_to_five_minutes_away(
    failed_at: list[float], spread: float, asked: float | None
) -> None:
    """F6, F11."""
    state = fetched()
    for now in failed_at:
        state = state.after_failure(now, spread=spread, retry_after=asked, paid=False)
        assert 1 <= round(state.backoff.ends_at - now, 6) <= 300
        assert state.backoff.retry_after(now) >= 1
        assert state.expires_at == 4200


def test_a_value_that_may_be_outdated_is_due_now() -> None:
    """F12."""
    assert fetched().with_refresh_due(10).phase(10) is Phase.DUE
    assert fetched().with_refresh_due(500).due_at == 480


def test_a_refresh_is_scheduled_when_the_budget_refills_or_the_backoff_ends() -> None:
    """F3."""
    assert not fetched().is_refresh_scheduled()
    assert fetched().with_refresh_scheduled(0).is_refresh_scheduled()
    assert failed(fetched(), 0).is_refresh_scheduled()


def test_a_stranger_may_cause_a_fetch_when_both_budget_and_backoff_allow_it() -> None:
    """F3, F6."""
    assert fetched().refetch_allowed_at() == -math.inf
    _, spent = spend_all(fetched(), 0)
    assert spent.refetch_allowed_at() == pytest.approx(30, abs=1e-3)
    assert failed(spent, 100, retry_after=50).refetch_allowed_at() == 150
