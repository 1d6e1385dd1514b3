"""One run of a piece of work at a time in each event loop.

Work is started on asyncio or trio outside the caller's task, so that a cancelled caller does not
cancel the others' run.
"""

import asyncio
import contextvars
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

import anyio

__all__ = ["Flight", "SingleFlight"]

_log: Final = logging.getLogger("asgi_jwks.caching")

# Some hosts run an event loop while they have a request, and freeze it until the next one. It is
# noticed by a timer, in seconds: by how much it is late at least, and in all.
PULSE: Final = 0.25
LATE: Final = 0.5
STANDSTILL: Final = 1.0


class Flight:
    """One run in progress.

    Attributes:
        number: the place of the run among all of them.
        started: when it began, in monotonic seconds.
        paid: whether a budget was charged for it.
        revalidate: whether caches on the way must ask the source itself.
        ended: is set when the run is over.
        succeeded: whether it reached its aim; the work sets it.
        is_awaited: whether requests that could do without it wait for it, since the one before it
            was lost with its loop.
    """

    __slots__ = (
        *("_late", "_pulse", "_scope", "_task", "ended", "is_awaited", "number", "paid"),
        *("revalidate", "started", "succeeded"),
    )

    def __init__(self, number: int, started: float, *, paid: bool, revalidate: bool) -> None:
        self.number: Final = number
        self.started: Final = started
        self.paid: Final = paid
        self.revalidate: Final = revalidate
        self.succeeded = self.is_awaited = False
        self._late = 0.0
        self._pulse: asyncio.TimerHandle | None = None
        self.ended: Final = anyio.Event()
        self._scope = anyio.CancelScope()
        # asyncio keeps only weak references to tasks: this one keeps the run alive.
        self._task: asyncio.Task[None] | None = None

    @property
    def stood_still(self) -> bool:
        """Whether its event loop did not run for a while meanwhile, which asyncio's alone tell.

        Its failure says nothing of the source then.
        """
        return self._late > STANDSTILL

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Notice from now on, until the run has ended, whether its loop stands still."""
        due = loop.time() + PULSE

        def beat() -> None:
            late = loop.time() - due
            self._late += late * (late > LATE)
            self.watch(loop)

        self._pulse = loop.call_at(due, beat)

    def land(self) -> None:
        """The run is over."""
        if self._pulse is not None:
            self._pulse.cancel()
        self.ended.set()

    def is_cancelled(self) -> bool:
        """Whether the run is cancelled, by `cancel` or by the end of its loop.

        To be asked within the run. On asyncio, work may end in a CancelledError of its own.
        """
        if self._scope.cancel_called or _trio_lowlevel() is not None:
            return True
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0

    async def cancel(self) -> None:
        """Cancel the run and wait until nothing of it is left."""
        self._scope.cancel()
        await self.ended.wait()
        if self._task is not None:
            await asyncio.wait([self._task])


class SingleFlight:
    """At most one run of `work` in each event loop.

    A second caller joins the run in progress.

    `work` gets the Flight and deals with its own exceptions; one that gets away is only logged.
    """

    def __init__(self, work: Callable[[Flight], Awaitable[None]]) -> None:
        self._work: Final = work
        # Keyed by the loop itself: loops come and go (test clients, workers after a fork), and
        # what is left of a run in a closed loop must not be taken for a run in another.
        self._flights: Final[WeakKeyDictionary[Any, Flight]] = WeakKeyDictionary()
        self.runs = 0
        """How many runs have started, in all event loops."""

    def current(self) -> Flight | None:
        """The run in progress in this event loop."""
        # Hot path (in_process, unknown kid): nearly always there is none in any loop.
        return self._flights.get(_running_loop()) if self._flights else None

    def start(self, now: float, *, paid: bool = False, revalidate: bool = False) -> Flight:
        """Start a run, detached from the calling task, unless one is in progress."""
        loop = _running_loop()
        flight = self._flights.get(loop)
        if flight is None:
            self._forget_closed_loops()
            self.runs += 1
            flight = Flight(self.runs, now, paid=paid, revalidate=revalidate)
            self._flights[loop] = flight
            try:
                self._launch(loop, flight)
            except BaseException:
                # The loop takes no more tasks, since it is ending: nobody may wait for this run.
                self._land(loop, flight)
                raise
        return flight

    async def cancel(self) -> None:
        """Cancel this event loop's run, if there is one, and wait until it is gone."""
        flight = self.current()
        if flight is not None:
            await flight.cancel()

    def _launch(self, loop: Any, flight: Flight) -> None:
        lowlevel = _trio_lowlevel()
        if lowlevel is not None:
            lowlevel.spawn_system_task(self._run, loop, flight)
            return
        # An empty context: the run serves everybody, so it is not to be a child of the request
        # (its trace span, its log fields) that happened to start it. Trio does so by itself.
        running = asyncio.get_running_loop()
        flight.watch(running)
        run = self._run(loop, flight)
        flight._task = running.create_task(run, context=contextvars.Context())
        # A task that is cancelled before its first step never reaches its `finally`.
        flight._task.add_done_callback(lambda _: self._land(loop, flight))

    async def _run(self, loop: Any, flight: Flight) -> None:
        try:
            with flight._scope:
                await self._work(flight)
        # What is raised while a cancelled run unwinds. Nobody awaits the task, and trio takes an
        # exception of a system task for its own end.
        except Exception:
            _log.exception("a refresh ended in an unexpected way")
        finally:
            self._land(loop, flight)

    def _land(self, loop: Any, flight: Flight) -> None:
        # Without a lock: it may run in a garbage collection that struck while one was held.
        if self._flights.get(loop) is flight:
            self._flights.pop(loop, None)
        flight.land()

    def _forget_closed_loops(self) -> None:
        # A loop that was closed over a run never ends it; the run's task would keep the loop.
        for reference in self._flights.keyrefs():
            loop = reference()
            if isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed():
                self._flights.pop(loop, None)


def _trio_lowlevel() -> Any:
    """`trio.lowlevel` if the caller is a task of trio's.

    As a guest, it runs inside asyncio.
    """
    # Another thread may be importing trio: it has the attribute once that module is complete.
    lowlevel = getattr(sys.modules.get("trio"), "lowlevel", None)
    return lowlevel if lowlevel is not None and lowlevel.in_trio_task() else None


def _running_loop() -> Any:
    lowlevel = _trio_lowlevel()
    return asyncio.get_running_loop() if lowlevel is None else lowlevel.current_trio_token()
