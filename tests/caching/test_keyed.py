"""Values by key: one question at a time, a deadline, a budget for strangers, and last answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from tests.support.clock import Clock
from tests.support.jumping_runners import new_runner
from tests.support.jumping_time import JumpingTime

from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.kept_answers import DEFAULT_PERIOD, KeyedPeriod
from asgi_jwks.caching.keyed import KeyedValues
from asgi_jwks.errors import (
    InvalidToken,
    KeySetUnavailable,
    Reason,
    RequestError,
    TemporarilyUnavailable,
)

pytestmark = pytest.mark.anyio


TEN = Budget(burst=10, interval=1.0)


class Source:
    """What is asked; each answer, failure or gate is in the hands of a test."""

    def __init__(self, **values: str) -> None:
        self.values: dict[str, str] = values
        self.asked: list[str] = []
        self.fault: BaseException | None = None
        self.gate: anyio.Event | None = None

    async def __call__(self, key: str) -> str | None:
        self.asked.append(key)
        answer = self.values.get(key)
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
def source() -> Source:
    return Source(a="A", b="B")


@pytest.fixture
def failures() -> list[Exception]:
    return []


Make = Callable[..., KeyedValues[str]]


@pytest.fixture
def make(clock: Clock, source: Source, failures: list[Exception]) -> Make:
    def make(
        ask: Callable[[str], Awaitable[str | None]] = source,
        *,
        budget: Budget = TEN,
        period: KeyedPeriod = DEFAULT_PERIOD,
        size: int = 8,
        merge: Callable[[str, str], str] = lambda last, new: new,
    ) -> KeyedValues[str]:
        return KeyedValues(
            ask,
            source="the source",
            merge=merge,
            budget=budget,
            on_failure=lambda error, _: failures.append(error),
            on_spent=lambda: None,
            size=size,
            period=period,
            clock=clock,
        )

    return make


class TestAnswers:
    async def test_a_value_is_kept_while_it_is_fresh(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        values = make()
        assert values.known("a") is None
        assert await values.get("a") == "A"
        clock.now = 299.9
        assert values.known("a") == await values.get("a") == "A"
        assert source.asked == ["a"]
        clock.now = 300.0
        assert values.known("a") is None
        assert values.values() == ["A"]
        source.values["a"] = "newer"
        assert await values.get("a") == "newer"
        assert values.values() == ["newer"]

    async def test_that_there_is_none_is_kept_for_a_moment(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        """F4"""
        values = make()
        assert await values.get("new") is None
        source.values["new"] = "N"
        clock.now = 9.9
        assert await values.get("new") is None
        clock.now = 10.0
        assert await values.get("new") == "N"

    async def test_a_value_that_is_gone_is_gone(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        values = make()
        await values.get("a")
        del source.values["a"]
        clock.now = 300.0
        assert await values.get("a") is None
        assert values.values() == []
        source.fault = OSError()
        clock.now = 310.0
        with pytest.raises(TemporarilyUnavailable):
            await values.get("a")

    async def test_a_new_value_is_merged_with_the_last_one(self, make: Make, clock: Clock) -> None:
        values = make(merge=lambda last, new: last + new)
        assert await values.get("a") == "A"
        clock.now = 300.0
        assert await values.get("a") == "AA"
        assert values.known("a") == "AA"


class TestOneQuestion:
    async def test_a_hundred_who_need_it_ask_once(self, make: Make, source: Source) -> None:
        """F24, F1"""
        values, got = make(), []
        source.gate = anyio.Event()

        async def need() -> None:
            got.append(await values.get("a"))

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(need)
            await anyio.wait_all_tasks_blocked()
            source.gate.set()
        assert got == ["A"] * 100
        assert source.asked == ["a"]

    async def test_who_is_cancelled_cancels_nobody_else(self, make: Make, source: Source) -> None:
        """F24, F10"""
        values, got = make(), []
        source.gate = anyio.Event()

        async def need(scope: anyio.CancelScope) -> None:
            with scope:
                got.append(await values.get("a"))

        first, second = anyio.CancelScope(), anyio.CancelScope()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(need, first)
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(need, second)
            await anyio.wait_all_tasks_blocked()
            first.cancel()
            await anyio.wait_all_tasks_blocked()
            source.gate.set()
        assert got == ["A"]
        assert source.asked == ["a"]

    async def test_different_keys_do_not_wait_for_each_other(
        self, make: Make, source: Source
    ) -> None:
        """F13"""
        values = make()
        source.gate = gate = anyio.Event()

        async def need_a() -> None:
            assert await values.get("a") == "A"

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(need_a)
            await anyio.wait_all_tasks_blocked()
            source.gate = None
            assert await values.get("b") == "B"
            gate.set()

    async def test_a_loop_that_ends_takes_its_questions_with_it(
        self, make: Make, source: Source
    ) -> None:
        """C4"""
        values = make()
        source.gate = anyio.Event()
        refused: list[TemporarilyUnavailable] = []

        async def need() -> None:
            try:
                await values.get("a")
            except TemporarilyUnavailable as error:
                refused.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(need)
            await anyio.wait_all_tasks_blocked()
            await values.aclose()
        assert len(refused) == 1
        source.gate = None
        assert await values.get("a") == "A"


class TestOrder:
    async def test_an_older_answer_never_overwrites_a_newer_one(
        self, make: Make, clock: Clock
    ) -> None:
        """F24: two event loops ask about one key, and the first to ask is answered last."""
        released, asked = anyio.Event(), anyio.Event()
        answers = iter(["old", "new"])

        async def ask(key: str) -> str | None:
            answer = next(answers)
            if answer == "old":
                asked.set()
                await released.wait()
            return answer

        values = make(ask)

        async def first() -> None:
            assert await values.get("a") == "new"

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await asked.wait()
            # As another event loop sees it: this loop's question is none of its own.
            elsewhere = values._questions.pop("a")
            assert await values.get("a") == "new"
            values._questions["a"] = elsewhere
            released.set()
        assert values.known("a") == "new"

    async def test_nor_does_an_older_answer_stand_against_a_newer_refusal(self, make: Make) -> None:
        """F24: a tenant that the application refuses is not trusted by what was true before."""
        await self.of_two_answers(make, "old", InvalidToken(Reason.CHECK_FAILED), kept=None)

    async def test_nor_does_an_older_refusal_undo_a_newer_answer(self, make: Make) -> None:
        """F24"""
        await self.of_two_answers(make, InvalidToken(Reason.CHECK_FAILED), "new", kept="new")

    async def of_two_answers(self, make: Make, old: Any, new: Any, *, kept: str | None) -> None:
        """Both questioners get the newer answer, though the older one comes last."""
        released, asked = anyio.Event(), anyio.Event()
        answers = iter([old, new])

        async def ask(key: str) -> str | None:
            answer: str | InvalidToken = next(answers)
            if answer is old:
                asked.set()
                await released.wait()
            if isinstance(answer, InvalidToken):
                raise answer
            return answer

        values = make(ask)

        async def outcome() -> object:
            try:
                return await values.get("a")
            except InvalidToken as refusal:
                return refusal

        async def first() -> None:
            assert await outcome() is new

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await asked.wait()
            elsewhere = values._questions.pop("a")
            assert await outcome() is new
            values._questions["a"] = elsewhere
            released.set()
        assert values.known("a") == kept

    async def test_nor_does_an_older_one_revive_what_is_gone(self, make: Make) -> None:
        """F24"""
        released, asked = anyio.Event(), anyio.Event()
        answers = iter(["old", None])

        async def ask(key: str) -> str | None:
            answer = next(answers)
            if answer == "old":
                asked.set()
                await released.wait()
            return answer

        values = make(ask)

        async def first() -> None:
            assert await values.get("a") is None

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await asked.wait()
            values._questions.pop("a")
            assert await values.get("a") is None
            released.set()
        assert values.known("a") is None


class TestFailures:
    async def test_without_a_last_answer_it_is_unavailable(
        self, make: Make, source: Source, clock: Clock, failures: list[Exception]
    ) -> None:
        """B7, F24: and the source is asked anew after a pause that doubles."""
        values = make()
        source.fault = OSError("away")
        for now, asked in ((0.0, 1), (0.9, 1), (1.0, 2), (2.9, 2), (3.0, 3), (6.9, 3)):
            clock.now = now
            with pytest.raises(KeySetUnavailable, match=r"^the source failed$") as outage:
                await values.get("a")
            assert len(source.asked) == asked
            assert outage.value.retry_after >= 1
        assert failures == [source.fault] * 3

    async def test_the_last_answer_serves_meanwhile(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        """F24, F6: up to its end, and not a moment longer."""
        values = make()
        await values.get("a")
        source.fault = OSError()
        for now in (300.0, 300.5, 4100.0, 4199.9):
            clock.now = now
            assert await values.get("a") == "A"
        clock.now = 4200.0
        with pytest.raises(TemporarilyUnavailable):
            await values.get("a")

    async def test_a_success_ends_the_pause(self, make: Make, source: Source, clock: Clock) -> None:
        values = make()
        for now in (0.0, 1.0, 3.0):
            clock.now, source.fault = now, OSError()
            with pytest.raises(TemporarilyUnavailable):
                await values.get("a")
        clock.now, source.fault = 7.0, None
        assert await values.get("a") == "A"
        clock.now, source.fault = 307.0, OSError()
        assert await values.get("a") == "A"
        clock.now, source.fault = 308.0, None
        source.values["a"] = "newer"
        assert await values.get("a") == "newer"

    async def test_no_answer_in_time_is_a_failure(
        self, make: Make, source: Source, failures: list[Exception]
    ) -> None:
        """F24, F9"""
        values = make(period=replace(DEFAULT_PERIOD, timeout=0.0))
        source.gate = anyio.Event()
        with pytest.raises(TemporarilyUnavailable):
            await values.get("a")
        [failure] = failures
        assert str(failure) == "the source: no answer within 0 s"

    async def test_where_a_last_answer_is_at_hand_nobody_waits_for_long(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        """F24, F2: and the question goes on."""
        values = make(period=replace(DEFAULT_PERIOD, max_wait=0.0))
        await values.get("a")
        clock.now = 300.0
        source.gate = anyio.Event()
        source.values["a"] = "newer"
        assert await values.get("a") == "A"
        await anyio.wait_all_tasks_blocked()
        assert await values.get("a") == "A"
        source.gate.set()
        await anyio.wait_all_tasks_blocked()
        assert values.known("a") == "newer"
        assert len(source.asked) == 2

    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_a_source_that_cancels_itself_has_failed(
        self, make: Make, source: Source, failures: list[Exception]
    ) -> None:
        """F10: as clients on asyncio may; trio's Cancelled cannot be made by hand."""
        values = make()
        source.fault = asyncio.CancelledError()
        with pytest.raises(TemporarilyUnavailable):
            await values.get("a")
        assert [str(failure) for failure in failures] == ["the source cancelled itself"]

    async def test_an_error_of_ours_says_when_to_come_back(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        """F11"""
        values = make()
        source.fault = KeySetUnavailable("later", retry_after=40)
        with pytest.raises(TemporarilyUnavailable) as outage:
            await values.get("a")
        assert outage.value.retry_after == 40
        clock.now = 39.0
        with pytest.raises(TemporarilyUnavailable):
            await values.get("a")
        assert len(source.asked) == 1

    async def test_a_refusal_is_an_answer(self, make: Make, source: Source, clock: Clock) -> None:
        """G10: it ends what was answered before, and is paid for as a stranger's question."""
        values = make(budget=Budget(burst=1, interval=600.0))
        await values.get("a")
        source.fault = InvalidToken(Reason.CHECK_FAILED)
        clock.now = 300.0
        for outcome in (RequestError, RequestError):
            with pytest.raises(outcome):
                await values.get("a")
        assert values.values() == []
        assert await values.get("a") is None
        assert len(source.asked) == 3

    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    @pytest.mark.parametrize("fault", [OSError(), asyncio.CancelledError(), None], ids=repr)
    async def test_a_source_that_has_failed_in_any_way_is_not_asked_at_once(
        self, make: Make, source: Source, fault: BaseException | None
    ) -> None:
        """F24, F11"""
        values = make(period=replace(DEFAULT_PERIOD, timeout=5.0 if fault else 0.0))
        source.fault, source.gate = fault, None if fault else anyio.Event()
        for _ in range(3):
            with pytest.raises(TemporarilyUnavailable):
                await values.get("a")
        assert source.asked == ["a"]

    async def test_a_failure_is_told_with_the_seconds_that_it_took(
        self, source: Source, clock: Clock
    ) -> None:
        """N5"""
        told: list[tuple[Exception, float]] = []

        async def ask(key: str) -> str | None:
            clock.now += 3.5
            raise fault

        values = KeyedValues[str](
            ask,
            source="the source",
            merge=lambda last, new: new,
            budget=TEN,
            on_failure=lambda error, seconds: told.append((error, seconds)),
            on_spent=lambda: None,
            clock=clock,
        )
        fault, clock.now = OSError(), 100.0
        with pytest.raises(TemporarilyUnavailable):
            await values.get("a")
        assert told == [(fault, 3.5)]


class TestTheBudget:
    async def test_that_it_is_spent_is_told_once_until_it_pays_again(
        self, source: Source, clock: Clock
    ) -> None:
        """N5, W6"""
        told: list[float] = []
        values = KeyedValues(
            source,
            source="the source",
            merge=lambda last, new: new,
            budget=Budget(burst=2, interval=10.0),
            on_failure=lambda error, seconds: None,
            on_spent=lambda: told.append(clock.now),
            clock=clock,
        )
        for now in (0.0, 5.0, 10.0, 15.0, 30.0):
            clock.now = now
            for number in range(5):
                assert await values.get(f"stranger {number} at {now}") is None
        assert told == [0.0, 10.0, 30.0]

    async def test_strangers_cost_a_bounded_number_of_questions(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        """F24: what is not paid for is unknown at once, and not asked."""
        values = make(budget=Budget(burst=3, interval=10.0))
        for number in range(50):
            assert await values.get(f"stranger {number}") is None
        assert len(source.asked) == 3
        clock.now = 10.0
        for number in range(50):
            assert await values.get(f"stranger {number}") is None
        assert len(source.asked) == 4

    async def test_failures_are_paid_for_too(self, make: Make, source: Source) -> None:
        """F24"""
        values = make(budget=Budget(burst=3, interval=10.0))
        source.fault = OSError()
        unavailable = 0
        for number in range(50):
            try:
                assert await values.get(f"stranger {number}") is None
            except TemporarilyUnavailable:
                unavailable += 1
        assert unavailable == len(source.asked) == 3

    async def test_values_cost_nothing(self, make: Make, source: Source) -> None:
        source.values = {str(number): "x" for number in range(20)}
        values = make(budget=Budget(burst=1, interval=600.0), size=100)
        for key in source.values:
            assert await values.get(key) == "x"

    async def test_a_known_key_is_asked_for_with_an_empty_budget(
        self, make: Make, source: Source, clock: Clock
    ) -> None:
        values = make(budget=Budget(burst=1, interval=600.0))
        await values.get("a")
        assert await values.get("stranger") is None
        clock.now = 300.0
        source.values["a"] = "newer"
        assert await values.get("a") == "newer"

    async def test_strangers_fill_no_memory_and_evict_no_value(
        self, make: Make, source: Source
    ) -> None:
        """H4"""
        values = make(budget=Budget(burst=100, interval=1.0), size=4)
        await values.get("a")
        source.fault = None
        for number in range(50):
            await values.get(f"stranger {number}")
        assert values.known("a") == "A"
        assert len(values._kept._empty) == 4
        source.fault = OSError()
        for number in range(20):
            with pytest.raises(TemporarilyUnavailable):
                await values.get(f"another {number}")
        assert len(values._kept._failures) == 4
        assert values._questions == {}


def test_two_loops_ask_for_themselves(make: Make, source: Source, clock: Clock) -> None:
    """F15"""
    values = make()

    async def need() -> Any:
        return await values.get("a")

    assert anyio.run(need, backend="asyncio") == "A"
    clock.now = 300.0
    assert anyio.run(need, backend="trio") == "A"
    assert len(source.asked) == 2


def test_the_end_of_one_loop_s_question_leaves_the_other_s_in_progress(make: Make) -> None:
    """F24, F15: nobody asks twice at a time, and each question is paid for."""
    time = JumpingTime()
    asked: list[str] = []

    async def ask(key: str) -> str | None:
        asked.append(key)
        await anyio.sleep(1.0)
        return None

    values = make(ask, period=KeyedPeriod(unknown=0.0))

    async def leave_it_unfinished() -> None:
        with anyio.move_on_after(0.1):
            await values.get("new")

    async def need() -> None:
        assert await values.get("new") is None

    first, second = (new_runner("asyncio", time) for _ in range(2))
    try:
        first.run(leave_it_unfinished)
        second.run(need)
        assert len(asked) == 2
        first.run(leave_it_unfinished)
        assert len(asked) == 2
        assert values._budget.spent == 2
        first.run(need)
        assert values._questions == {}
    finally:
        first.close()
        second.close()


def test_a_pause_holds_in_each_loop_while_another_one_s_question_is_in_progress(make: Make) -> None:
    """F11, F15"""
    asked: list[str] = []
    faults = iter([None, OSError()])

    async def ask(key: str) -> str | None:
        asked.append(key)
        fault = next(faults)
        if fault is None:
            await anyio.sleep_forever()
        raise OSError

    values = make(ask)

    async def leave_it_unfinished() -> None:
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().call_soon(scope.cancel)
            await values.get("a")

    async def need() -> None:
        for _ in range(3):
            with pytest.raises(TemporarilyUnavailable):
                await values.get("a")

    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        first.run_until_complete(leave_it_unfinished())
        second.run_until_complete(need())
        assert asked == ["a", "a"]
    finally:
        for loop in (first, second):
            loop.run_until_complete(values.aclose())
            loop.close()
