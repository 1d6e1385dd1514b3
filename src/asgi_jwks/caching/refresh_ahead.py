"""A value fetched from elsewhere, kept fresh: the machinery that key sets and metadata share.

What lives only here: who waits for a refresh, and who starts one. What it does not know: what the
value is, and how it is fetched; the decisions of `freshness.py` are only carried out here.

A refresh belongs to the event loop that started it; what comes of it belongs to the whole process,
and lives in `kept.py`.
"""

import math
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio

from asgi_jwks.caching.cached_value import Kept
from asgi_jwks.caching.fetched import Load, Nobody, Observer
from asgi_jwks.caching.freshness import Phase, TrustPeriod
from asgi_jwks.caching.single_flight import Flight, SingleFlight
from asgi_jwks.fetching.request import FetchFailed

__all__ = ["Refreshing"]

T = TypeVar("T")

# How soon `keep_fresh` notices a refresh that came to be owed after it went to sleep.
LONGEST_SLEEP: Final = 30.0
# Between two refreshes by `keep_fresh`, however short-lived the value is.
SHORTEST_SLEEP: Final = 1.0


class Refreshing(Kept[T]):
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
        super().__init__(
            period, observer=Nobody() if observer is None else observer, clock=clock, spread=spread
        )
        self._load: Final = load
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

    def may_learn(self) -> bool:
        """Whether `refetched` may bring news: by a fetch that it may make, or one in progress."""
        return self._clock() >= self._refetch_at or self.is_refreshing()

    def is_refreshing(self) -> bool:
        """Whether a refresh is in progress in this event loop."""
        return self._flights.current() is not None

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
            self._note_beginning(now)
            flight = self._flights.start(now, paid=paid)
        return flight

    async def _refresh(self, flight: Flight) -> None:
        turn, previous = self._take_turn()
        # An endpoint that is failing already is not asked twice at a time.
        attempts = 1 if self.freshness.failures else 2
        try:
            with anyio.fail_after(self.period.timeout):
                fetched = await self._load(previous, attempts)
        except TimeoutError:
            seconds = f"{self.period.timeout:g} s"
            late = FetchFailed(f"no complete answer within {seconds}")
            self._fail(turn, late, paid=flight.paid)
        # Whatever else it is, it must leave neither a waiter hanging nor the state untold.
        except Exception as error:
            self._fail(turn, error, paid=flight.paid)
        else:
            flight.succeeded = True
            self._succeed(turn, fetched, started=flight.started)
