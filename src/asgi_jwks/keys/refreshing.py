"""A value fetched from elsewhere, kept fresh: the machinery that key sets and metadata share.

What lives only here: who waits for a refresh, who starts one, and which result counts. What it
does not know: what the value is, and how it is fetched; the decisions of `freshness.py` are only
carried out here.

State is shared by all event loops and threads of the process and changed under a lock that is
never held while waiting; a refresh belongs to the event loop that started it.
"""

import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, Generic, TypeVar

import anyio

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.errors import KeySetError, KeySetUnavailable
from asgi_jwks.keys.fetch import FetchFailed
from asgi_jwks.keys.fetched import Fetched, Load, Nobody, Observer
from asgi_jwks.keys.flight import Flight, SingleFlight
from asgi_jwks.keys.freshness import Freshness, Phase, TrustPeriod

__all__ = ["Refreshing"]

T = TypeVar("T")

# How soon `keep_fresh` notices a refresh that came to be owed after it went to sleep.
LONGEST_SLEEP: Final = 30.0
# Between two refreshes by `keep_fresh`, however short-lived the value is.
SHORTEST_SLEEP: Final = 1.0


class Refreshing(Generic[T]):
    """The last good value, and its refreshing.

    Args:
        load: fetches the value anew.
        period: how long a value is trusted, and how long anybody waits.
        observer: is told of changes.
        clock: monotonic seconds.
        spread: random numbers from 0 to 1, for refresh-ahead and backoff.
    """

    def __init__(
        self,
        load: Load[T],
        *,
        period: TrustPeriod,
        observer: Observer[T] | None = None,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._load: Final = load
        self._observer: Final[Observer[T]] = observer if observer is not None else Nobody()
        self._clock: Final = clock
        self._spread: Final = spread
        self.period: Final = period
        self.freshness = Freshness()
        self.fetched: Fetched[T] | None = None
        self.last_error: Exception | None = None
        self.fetches = 0
        self.failed_fetches = 0
        self._applied = 0
        self._announced: Phase | None = None
        # Read on the request path: the value, until when it needs no second look, and from when
        # on it may be refetched.
        self._value: T | None = None
        self._quiet_until = self.freshness.quiet_until()
        self._refetch_at = self.freshness.refetch_at()
        self._lock: Final = ForkSafeLock()
        self._flights: Final = SingleFlight(self._refresh)

    def at_hand(self) -> T | None:
        """The value, if a request may use it now, without waiting. Starts a refresh that is due.

        To be called in an event loop.
        """
        now = self._clock()
        if now < self._quiet_until:
            return self._value
        return self._attend(now)

    async def current(self) -> T:
        """The value; waits for a refresh as far as the phase asks for it.

        Raises:
            KeySetError: there is no value that may be used.
        """
        value = self.at_hand()
        if value is not None:
            return value
        now = self._clock()
        flight = self._flights.current()
        if flight is None and self.freshness.may_fetch(now):
            flight = self._begin(now)
        if flight is not None:
            stale = self.freshness.phase(now) is Phase.STALE
            patience = flight.started + self.period.max_wait - now if stale else math.inf
            with anyio.move_on_after(patience):
                await flight.ended.wait()
        return self.value()

    async def renewed(self) -> T:
        """The value, refreshed first unless it is fresh.

        A hanging endpoint is waited for only briefly where there is a value at hand. The backoff
        is ignored: this is for callers that act in the background and have a backoff themselves.

        Raises:
            KeySetError: there is no value that may be used.
        """
        now = self._clock()
        phase = self.freshness.phase(now)
        if phase is not Phase.FRESH:
            dispensable = phase in {Phase.DUE, Phase.STALE}
            with anyio.move_on_after(self.period.max_wait if dispensable else math.inf):
                await self._begin(now).ended.wait()
        return self.value()

    def value(self) -> T:
        """The value, if it may still be used, however stale; it starts and awaits nothing.

        Raises:
            KeySetError: there is none.
        """
        if self._value is None or self.phase() is Phase.EXPIRED:
            raise self._unavailable()
        return self._value

    def phase(self) -> Phase:
        """Which phase of its life the value is in now."""
        return self.freshness.phase(self._clock())

    def may_learn(self) -> bool:
        """Whether `refetched` may bring news: by a fetch that it may make, or one in progress."""
        return self._clock() >= self._refetch_at or self.is_refreshing()

    def is_refreshing(self) -> bool:
        """Whether a refresh is in progress in this event loop."""
        return self._flights.current() is not None

    def owe_refetch(self) -> None:
        """A refetch was not even asked for, since it may not be made: owe one refresh instead."""
        if self.freshness.wanted_at == math.inf and not self.freshness.failures:
            self._owe(self._clock())

    async def refetched(self, since: float, is_found: Callable[[T], bool]) -> bool:
        """Look for something in the value, and whether the last word on it has been said.

        That is a value of which `is_found` holds, or one whose fetch began at `since` or later; it
        makes such a fetch if it may. Joins refreshes in progress. Pays for its own from the budget;
        where the backoff or the budget forbids one, the answer is False at once, and a refresh is
        owed for later.
        """
        while not self._fetched_since(since) and not is_found(self.value()):
            flight = self._flights.current()
            if flight is None:
                now = self._clock()
                if not self.freshness.may_fetch(now) or not self._pay(now):
                    return False
                flight = self._begin(now, paid=True)
            await flight.ended.wait()
            if not flight.succeeded:
                return False
        return True

    async def refresh(self) -> None:
        """Fetch now, whatever the clocks say; join a refresh in progress.

        Raises:
            KeySetError: the fetch failed. The last good value stays in use within its period.
        """
        flight = self._begin(self._clock())
        await flight.ended.wait()
        if not flight.succeeded:
            raise self._unavailable()

    async def keep_fresh(self, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        """Refresh whenever one is due, until cancelled: for a task that lives with the app."""
        while True:
            now = self._clock()
            state = self.freshness
            delay = state.refresh_at() - now
            if delay <= 0:
                flight = self._flights.current() or self._begin_owed(now)
                if flight is not None:
                    await flight.ended.wait()
                delay = max(SHORTEST_SLEEP, self.freshness.refresh_at() - self._clock())
            await sleep(min(delay, LONGEST_SLEEP))

    async def aclose(self) -> None:
        """Cancel this event loop's refresh, if one is in progress, and wait until it is gone."""
        await self._flights.cancel()

    def doubt(self) -> None:
        """The value may be outdated: a refresh is due now, unless the backoff forbids it."""
        with self._lock:
            self._set(replace(self.freshness, due_at=min(self.freshness.due_at, self._clock())))

    def restore(self, fetched: Fetched[T], *, age: float) -> None:
        """Begin with a value that was fetched `age` seconds ago, by another process."""
        with self._lock:
            self._accept(fetched, started=self._clock() - age)

    def _attend(self, now: float) -> T | None:
        phase = self.freshness.phase(now)
        if phase in {Phase.EMPTY, Phase.EXPIRED}:
            return None
        if phase is Phase.FRESH:
            return self._value
        if not self.is_refreshing():
            self._begin_owed(now)
        if phase is Phase.STALE:
            state = self.freshness
            waited = now >= state.began_at + self.period.max_wait
            if not waited and not state.is_failing(now):
                return None
            self._announce(Phase.STALE)
        return self._value

    def _begin_owed(self, now: float) -> Flight | None:
        """Begin a refresh that is owed and that nobody may wait for, if it may begin."""
        state = self.freshness
        if not state.may_begin(self.period, now):
            return None
        paid = state.owes_budget(now)
        if paid and not self._pay(now):
            return None
        return self._begin(now, paid=paid)

    def _begin(self, now: float, *, paid: bool = False) -> Flight:
        """This event loop's refresh: the one in progress, or one that begins now."""
        flight = self._flights.current()
        if flight is None:
            with self._lock:
                self._set(self.freshness.begun(self.period, now))
            flight = self._flights.start(now, paid=paid)
        return flight

    def _fetched_since(self, since: float) -> bool:
        fetched_at = self.freshness.fetched_at
        return fetched_at is not None and fetched_at >= since

    def _pay(self, now: float) -> bool:
        with self._lock:
            paid = self.freshness.spend(now)
            if paid is not None:
                self._set(paid)
                return True
        self._owe(now)
        return False

    def _owe(self, now: float) -> None:
        with self._lock:
            first_refusal = self.freshness.wanted_at == math.inf
            self._set(self.freshness.want(now))
        if first_refusal:
            self._observer.budget_exhausted()

    async def _refresh(self, flight: Flight) -> None:
        with self._lock:
            self.fetches += 1
            turn = self.fetches
            previous = self.fetched
            # An endpoint that is failing already is not asked twice at a time.
            attempts = 1 if self.freshness.failures else 2
        try:
            with anyio.fail_after(self.period.timeout):
                fetched = await self._load(previous, attempts)
        except TimeoutError:
            seconds = f"{self.period.timeout:g} s"
            self._fail(flight, turn, FetchFailed(f"no complete answer within {seconds}"))
        # Whatever else it is, it must leave neither a waiter hanging nor the state untold.
        except Exception as error:
            self._fail(flight, turn, error)
        else:
            self._succeed(flight, turn, fetched)

    def _succeed(self, flight: Flight, turn: int, fetched: Fetched[T]) -> None:
        flight.succeeded = True
        with self._lock:
            # A refresh in another loop that began later has told more than this one can.
            if turn < self._applied:
                return
            self._applied = turn
            previous = self._value
            self._announced = None
            self._accept(fetched, started=flight.started)
        self._observer.refreshed(previous, fetched.value)

    def _accept(self, fetched: Fetched[T], *, started: float) -> None:
        self.fetched = fetched
        self.last_error = None
        self._value = fetched.value
        self._set(
            self.freshness.succeeded(
                self.period, started=started, advised=fetched.advised, spread=self._spread()
            )
        )

    def _fail(self, flight: Flight, turn: int, error: Exception) -> None:
        now = self._clock()
        with self._lock:
            if turn < self._applied:
                return
            self.last_error = error
            self.failed_fetches += 1
            failed = self.freshness.failed(
                now,
                spread=self._spread(),
                retry_after=_asked_to_wait(error),
                spent=flight.paid,
            )
            self._set(failed)
        self._observer.failed(error, failures=failed.failures, retry_in=failed.not_before - now)

    def _set(self, freshness: Freshness) -> None:
        self.freshness = freshness
        self._quiet_until = freshness.quiet_until()
        self._refetch_at = freshness.refetch_at()

    def _announce(self, phase: Phase) -> None:
        if self._announced is phase:
            return
        with self._lock:
            first = self._announced is not phase
            self._announced = phase
        if first:
            self._observer.entered(phase)

    def _unavailable(self) -> KeySetError:
        now = self._clock()
        if self.freshness.phase(now) is Phase.EXPIRED:
            self._announce(Phase.EXPIRED)
        why = "no fetch has ended yet" if self.last_error is None else str(self.last_error)
        error = KeySetUnavailable(why, retry_after=self.freshness.retry_after(now))
        error.__cause__ = self.last_error
        return error


def _asked_to_wait(error: BaseException | None) -> float | None:
    """What the endpoint that failed, or one that it depends on, asked for in Retry-After."""
    while error is not None and not isinstance(error, FetchFailed):
        error = error.__cause__
    return None if error is None else error.asked_to_wait
