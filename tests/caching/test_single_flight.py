"""One run at a time in each loop, whatever becomes of loops, threads and who asked."""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from types import ModuleType
from typing import Any, cast

import anyio
import pytest
import trio

from asgi_jwks.caching.single_flight import Flight, SingleFlight

anywhere = pytest.mark.anyio
request_id: ContextVar[str] = ContextVar("request_id", default="none")


class Work:
    """Runs until it is let go, and counts."""

    def __init__(self) -> None:
        self.runs = 0
        self.ends = 0
        self.seen: list[str] = []
        self.gate: anyio.Event | None = None

    async def __call__(self, flight: Flight) -> None:
        self.runs += 1
        self.seen.append(request_id.get())
        if self.gate is not None:
            await self.gate.wait()
        flight.succeeded = True
        self.ends += 1


@anywhere
async def test_a_second_caller_joins_the_run_in_progress() -> None:
    """F1."""
    work = Work()
    work.gate = anyio.Event()
    flights = SingleFlight(work)
    assert flights.current() is None
    flight = flights.start(1.0, paid=True)
    assert flights.start(2.0) is flight
    assert (flights.current(), flight.started, flight.paid) == (flight, 1.0, True)
    work.gate.set()
    await flight.ended.wait()
    assert (work.runs, flight.succeeded, flights.current()) == (1, True, None)
    second = flights.start(3.0)
    assert (second.paid, second.revalidate) == (False, False)
    await second.ended.wait()
    assert work.runs == flights.runs == 2


@anywhere
async def test_a_cancelled_caller_does_not_cancel_the_run() -> None:
    """F10."""
    work = Work()
    work.gate = anyio.Event()
    flights = SingleFlight(work)
    with anyio.CancelScope() as caller:
        flight = flights.start(0.0)
        caller.cancel()
        await flight.ended.wait()
    work.gate.set()
    await flight.ended.wait()
    assert flight.succeeded


@anywhere
async def test_cancelling_waits_until_nothing_of_the_run_is_left() -> None:
    """F10: also of one that has not taken its first step, and of one that is not there."""
    work = Work()
    work.gate = anyio.Event()
    flights = SingleFlight(work)
    await flights.cancel()
    for steps in (0, 3):
        flight = flights.start(0.0)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        await flights.cancel()
        assert flight.ended.is_set()
        assert not flight.succeeded
        assert flights.current() is None
    assert work.ends == 0


@anywhere
async def test_a_run_is_no_child_of_the_request_that_started_it() -> None:
    """Its trace span and log fields are not the request's."""
    work = Work()
    request_id.set("a request")
    await SingleFlight(work).start(0.0).ended.wait()
    assert work.seen == ["none"]


@anywhere
async def test_an_exception_that_gets_away_is_logged_and_ends_the_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """F10: on trio it would be the end of the whole run, on asyncio a complaint at exit."""

    async def crash(flight: Flight) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise ZeroDivisionError

    flights = SingleFlight(crash)
    flights.start(0.0)
    await anyio.lowlevel.checkpoint()
    await flights.cancel()
    assert flights.current() is None
    assert "unexpected way" in caplog.text


def in_a_new_loop(backend: str, of: Callable[[], Coroutine[Any, Any, None]]) -> None:
    if backend == "trio":
        trio.run(of)
    else:
        asyncio.run(of())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_run_that_its_loop_took_with_it_is_not_taken_for_one_of_the_next_loop(
    backend: str,
) -> None:
    """F15: and the end of the loop makes no noise."""
    work = Work()
    flights = SingleFlight(work)

    async def leave_a_run_behind() -> None:
        work.gate = anyio.Event()
        flights.start(0.0)
        await anyio.lowlevel.checkpoint()

    async def complete_one() -> None:
        work.gate = None
        flight = flights.start(0.0)
        await flight.ended.wait()
        assert flight.succeeded

    for _ in range(3):
        in_a_new_loop(backend, leave_a_run_behind)
        in_a_new_loop(backend, complete_one)
    gc.collect()
    assert (work.runs, work.ends, len(flights._flights)) == (6, 3, 0)


def test_a_loop_that_was_closed_over_a_run_is_forgotten() -> None:
    """F15, H4: its owner left a task pending; at least it is not kept for ever."""
    work = Work()
    flights = SingleFlight(work)
    loop = asyncio.new_event_loop()

    async def leave_a_run_behind() -> None:
        work.gate = anyio.Event()
        flights.start(0.0)
        await anyio.lowlevel.checkpoint()

    loop.run_until_complete(leave_a_run_behind())
    # asyncio complains of a task that is destroyed while pending, and rightly so; not here.
    (task,) = cast("set[Any]", asyncio.all_tasks(loop))
    task._log_destroy_pending = False
    loop.close()

    async def complete_one() -> None:
        work.gate = None
        await flights.start(0.0).ended.wait()

    asyncio.run(complete_one())
    assert len(flights._flights) == 0


def test_two_loops_in_two_threads_have_a_run_each() -> None:
    """F15: also one of asyncio and one of trio."""
    both = threading.Barrier(2, timeout=60)
    runs = []

    async def meet(flight: Flight) -> None:
        runs.append(flight)
        await anyio.to_thread.run_sync(both.wait)

    flights = SingleFlight(meet)

    async def fly() -> None:
        await flights.start(0.0).ended.wait()

    with ThreadPoolExecutor(2) as threads:
        results = [threads.submit(in_a_new_loop, kind, fly) for kind in ("asyncio", "trio")]
        for result in results:
            result.result(timeout=60)
    assert len(runs) == 2
    assert runs[0] is not runs[1]


def test_a_loop_that_takes_no_more_tasks_leaves_no_run_that_never_ends() -> None:
    """F10."""
    flights = SingleFlight(Work())

    def refuse(loop: object, coro: Any, **options: object) -> Any:
        coro.close()
        raise RuntimeError("no more tasks")

    async def start() -> None:
        asyncio.get_running_loop().set_task_factory(refuse)
        with pytest.raises(RuntimeError, match="no more tasks"):
            flights.start(0.0)
        asyncio.get_running_loop().set_task_factory(None)
        assert flights.current() is None

    asyncio.run(start())


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="new in Python 3.12")
@pytest.mark.parametrize("waits", [False, True])
def test_a_task_that_starts_eagerly_is_a_run_like_any_other(waits: bool) -> None:
    """F15."""
    eager: Any = vars(asyncio)["eager_task_factory"]
    work = Work()
    flights = SingleFlight(work)

    async def fly() -> None:
        asyncio.get_running_loop().set_task_factory(eager)
        work.gate = anyio.Event() if waits else None
        flight = flights.start(0.0)
        assert work.runs == 1
        if work.gate is not None:
            assert flights.current() is flight
            work.gate.set()
        await flight.ended.wait()
        assert flight.succeeded
        assert flights.current() is None

    asyncio.run(fly())


def test_asyncio_and_trio_in_one_thread_have_a_run_each() -> None:
    """F15: trio as a guest of asyncio."""
    work = Work()
    flights = SingleFlight(work)

    async def guest() -> None:
        flight = flights.start(0.0)
        await flight.ended.wait()
        assert flight.succeeded

    async def host() -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=over.set_result,
        )
        await flights.start(0.0).ended.wait()
        (await over).unwrap()

    asyncio.run(host())
    assert work.ends == 2


@pytest.mark.parametrize("half", [None, ModuleType("trio")], ids=["not imported", "half imported"])
def test_a_run_starts_while_another_thread_imports_trio(
    monkeypatch: pytest.MonkeyPatch, half: ModuleType | None
) -> None:
    """F21: a module that is being imported has hardly any attribute yet."""
    if half is None:
        monkeypatch.delitem(sys.modules, "trio")
    else:
        monkeypatch.setitem(sys.modules, "trio", half)
    work = Work()

    async def fly() -> None:
        await SingleFlight(work).start(0.0).ended.wait()

    asyncio.run(fly())
    assert work.ends == 1


def test_a_run_in_one_loop_is_none_of_another_s() -> None:
    """F15, F1: a loop that stands still meanwhile keeps its run."""

    async def work(flight: Flight) -> None:
        await anyio.sleep_forever()

    flights = SingleFlight(work)

    async def start() -> Flight:
        return flights.start(0.0)

    async def current() -> Flight | None:
        return flights.current()

    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        run, other = first.run_until_complete(start()), second.run_until_complete(start())
        assert run is not other
        assert first.run_until_complete(current()) is run
        assert second.run_until_complete(current()) is other
    finally:
        for loop in (first, second):
            loop.run_until_complete(flights.cancel())
            loop.close()


def test_a_run_that_was_cancelled_before_its_first_step_is_over() -> None:
    """F10, F15: as by whoever cancels all tasks of a loop; nobody waits for it."""
    work = Work()
    flights = SingleFlight(work)

    async def start() -> None:
        flight = flights.start(0.0)
        [task] = asyncio.all_tasks() - {asyncio.current_task()}
        task.cancel()
        with anyio.fail_after(5):
            await flight.ended.wait()
        assert flights.current() is None

    asyncio.run(start())
    assert work.runs == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_run_knows_that_its_loop_has_ended(backend: str) -> None:
    """F10: whoever is cancelled so must not take it for a failure of the source."""
    told: list[bool] = []

    async def work(flight: Flight) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            told.append(flight.is_cancelled())

    flights = SingleFlight(work)

    async def leave_it() -> None:
        flights.start(0.0)
        await anyio.wait_all_tasks_blocked()

    in_a_new_loop(backend, leave_it)
    assert told == [True]


def test_work_that_cancels_itself_is_not_cancelled() -> None:
    """F10: as clients on asyncio may."""
    told: list[bool] = []

    async def work(flight: Flight) -> None:
        told.append(flight.is_cancelled())

    async def run() -> None:
        await SingleFlight(work).start(0.0).ended.wait()

    asyncio.run(run())
    assert told == [False]


class Timers:
    """A loop of which only the clock and the timer are used."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, beat: Callable[[], None]) -> None:
        self.due.append((when, beat))


@pytest.mark.parametrize(
    ("late", "stood_still"),
    [
        ([], False),
        ([0.0] * 9, False),
        ([0.5] * 9, False),
        ([0.625], False),
        ([1.0], False),
        ([1.125], True),
        ([0.625, 0.0, 0.5, 0.625], True),
        ([0.5, 0.5, 0.625], False),
    ],
)
@anywhere
async def test_a_loop_stands_still_if_its_timers_are_late_by_a_second_in_all(
    late: list[float], stood_still: bool
) -> None:
    """F6: those that are late by half a second or less are not counted."""
    loop: Any = Timers()
    flight = Flight(1, 0.0, paid=False, revalidate=False)
    flight.watch(loop)
    for seconds in late:
        [(when, beat)], loop.due = loop.due, []
        assert when == loop.now + 0.25
        loop.now = when + seconds
        beat()
    assert flight.stood_still is stood_still
