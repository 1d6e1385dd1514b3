"""The answers of a source, against a model that keeps the last one that counts."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.clock import Clock
from tests.support.examples import examples

from asgi_jwks.caching.budget import Backoff
from asgi_jwks.caching.kept_answers import DEFAULT_PERIOD, Answer, KeptAnswers, Refusal
from asgi_jwks.errors import InvalidToken, Reason, RequestError

# A value is fresh for less than it is known that there is none, and the other way round.
PERIODS = [
    replace(DEFAULT_PERIOD, fresh=3.0, serves=40.0, unknown=10.0),
    replace(DEFAULT_PERIOD, fresh=20.0, serves=40.0, unknown=10.0),
]


def merged(last: str, new: str) -> str:
    return f"{last}{new}"


class Model:
    """One answer at a time: the one to the question that was asked last."""

    def __init__(self, period: Any) -> None:
        self.period = period
        self.turn, self.at = -1, 0.0
        self.outcome: str | RequestError | None = None

    def counts(self, now: float) -> bool:
        is_value = isinstance(self.outcome, str)
        kept = self.period.serves if is_value else self.period.unknown
        return self.turn >= 0 and now < self.at + kept

    def given(self, turn: int, outcome: str | RequestError | None, now: float) -> object:
        if self.counts(now) and self.turn > turn:
            return self.outcome
        if isinstance(outcome, str) and self.counts(now) and isinstance(self.outcome, str):
            outcome = merged(self.outcome, outcome)
        self.turn, self.at, self.outcome = turn, now, outcome
        return outcome


@examples(60)
@example(PERIODS[0], [(0.0, "none", 0), (1.0, "value", 0), (5.0, "nothing", 0)])
@given(
    period=st.sampled_from(PERIODS),
    steps=st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, 2.0, 5.0, 9.0, 10.0, 39.0]),
            st.sampled_from(["value", "none", "refusal", "nothing"]),
            st.integers(0, 3),
        ),
        max_size=8,
    ),
)
def test_the_answer_that_counts_is_that_of_the_last_question(
    period: Any, steps: list[tuple[float, str, int]]
) -> None:
    """F24: whichever comes first, and for as long as it is kept."""
    clock, model = Clock(0.0), Model(period)
    kept = KeptAnswers[str](8, period, merged, clock)
    turns = [*range(len(steps))]
    for seconds, kind, late in steps:
        clock.now += seconds
        # An answer may come when up to three later questions have had theirs.
        turn = turns.pop(min(late, len(turns) - 1))
        outcome: str | RequestError | None = None
        if kind == "refusal":
            outcome = InvalidToken(Reason.CHECK_FAILED)
            counts = kept.refuse("k", Refusal(turn, outcome))
        elif kind != "nothing":
            outcome = f"v{turn}" if kind == "value" else None
            counts = kept.accept("k", Answer(turn, outcome))
        if kind != "nothing":
            told = model.given(turn, outcome, clock.now)
            assert (counts.value if isinstance(counts, Answer) else counts) == told
        is_value = isinstance(model.outcome, str) and model.counts(clock.now)
        last, fresh = kept.last("k"), kept.fresh("k")
        assert (None if last is None else last.value) == (model.outcome if is_value else None)
        assert kept.values() == ([model.outcome] if is_value else [])
        is_fresh = is_value and clock.now < model.at + period.fresh
        assert (None if fresh is None else fresh.value) == (model.outcome if is_fresh else None)
        is_none = model.outcome is None and model.counts(clock.now)
        assert kept.settled("k") == (Answer(turn=model.turn, value=None) if is_none else fresh)
    assert kept.last("another") is kept.settled("another") is None


def test_failures_are_counted_until_an_answer_or_for_two_minutes() -> None:
    """F24, F11"""
    clock = Clock(0.0)
    kept = KeptAnswers[str](8, DEFAULT_PERIOD, merged, clock)
    for count in (1, 2):
        kept.failed("k", clock.now, None)
        assert kept.backoff("k").failures == count
    assert kept.backoff("another") == Backoff()
    clock.now = 119.0
    assert kept.backoff("k").failures == 2
    clock.now = 120.0
    assert kept.backoff("k") == Backoff()
    for answer in ("v", None):
        kept.failed("k", clock.now, None)
        kept.accept("k", Answer(1, answer))
        assert kept.backoff("k") == Backoff()


@pytest.mark.parametrize("seconds", [9.0, 10.0])
def test_a_refusal_counts_for_as_long_as_an_older_question_may_take(seconds: float) -> None:
    """F24"""
    clock = Clock(0.0)
    kept = KeptAnswers[str](8, DEFAULT_PERIOD, merged, clock)
    refusal = InvalidToken(Reason.CHECK_FAILED)
    assert kept.refuse("k", Refusal(2, refusal)) is refusal
    clock.now = seconds
    counts = kept.accept("k", Answer(1, "old"))
    assert counts == (refusal if seconds < 10.0 else Answer(1, "old"))
