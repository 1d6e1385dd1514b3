"""Who waits for a refresh of a cached value, and who starts one.

It carries out the decisions of `freshness`. Its only state are the runs in progress: a refresh
belongs to the event loop that started it, and its outcome to the whole process.
"""

import math
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import anyio

from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.caching.single_flight import Flight, SingleFlight
from asgi_jwks.caching.source import Load
from asgi_jwks.errors import KeySetUnavailable

__all__ = ["RefreshAhead"]

T = TypeVar("T")

# How soon `keep_fresh` notices a refresh that became due after it went to sleep.
LONGEST_SLEEP: Final = 30.0
# Between two refreshes by `keep_fresh`, however short-lived the value is.
SHORTEST_SLEEP: Final = 1.0


class RefreshAhead(Generic[T]):
    """Keeps a cached value fresh, by one refresh at a time before it is stale.

    Args:
        load: fetches the value anew.
        cached: the value and its state.
        source: names the source that was asked last, for messages.
    """

    def __init__(self, load: Load[T], cached: CachedValue[T], *, source: Callable[[], str]) -> None:
        self._load: Final = load
        self._source: Final = source
        self.cached: Final = cached
        self._period: Final = cached.period
        # Hot path: bound here.
        self._elapsed: Final = cached.elapsed
        self._flights: Final = SingleFlight(self._refresh)
        # Whether the last run was lost with its event loop, which ended or stood still.
        self._was_lost = False

    def at_hand(self) -> T | None:
        """The value, if a request may use it now, without waiting.

        A refresh that is due is started, so it is to be called in an event loop.
        """
        cached = self.cached
        if self._elapsed() < cached.unchanged_until:
            return cached.value
        return self._looked_at_again(cached.now())

    async def current(self) -> T:
        """The value; waits for a refresh as far as its phase demands.

        Raises:
            KeySetError: there is no value that may be used.
        """
        value = self.at_hand()
        if value is not None:
            return value
        now = self.cached.now()
        freshness = self.cached.freshness
        flight = self._flights.current()
        if flight is None and freshness.backoff.allows(now):
            flight = self._start(now)
        if flight is not None:
            dispensable = freshness.phase(now) in {Phase.DUE, Phase.STALE}
            longest = flight.started + self._period.max_wait - now if dispensable else math.inf
            with anyio.move_on_after(longest):
                await flight.ended.wait()
                if flight.stood_still and self.cached.phase() in {Phase.EMPTY, Phase.EXPIRED}:
                    # It began before its loop stood still; this one runs while somebody waits.
                    again = self._flights.current() or self._start(self.cached.now())
                    await again.ended.wait()
        return self.cached.usable()

    async def refreshed_if_due(self) -> T:
        """The value, refreshed first unless it is fresh.

        A hanging endpoint is waited for only briefly where there is a value at hand. The backoff
        is ignored: this is for callers that act in the background and have a backoff themselves.

        Raises:
            KeySetError: there is no value that may be used.
        """
        now = self.cached.now()
        phase = self.cached.freshness.phase(now)
        if phase is not Phase.FRESH:
            dispensable = phase in {Phase.DUE, Phase.STALE}
            with anyio.move_on_after(self._period.max_wait if dispensable else math.inf):
                await (self._flights.current() or self._start(now)).ended.wait()
        return self.cached.usable()

    def can_refetch(self) -> bool:
        """Whether `refetched` may bring news, by a new fetch or one in progress."""
        return self.cached.can_spend() or self.is_refreshing()

    def is_refreshing(self) -> bool:
        """Whether a refresh is in progress in this event loop."""
        return self._flights.current() is not None

    async def refetched(self, since: float, is_found: Callable[[T], bool]) -> bool:
        """Look for something in the value; whether the answer is final.

        That is a value of which `is_found` holds, or one whose fetch began at `since` or later; it
        makes such a fetch if it may. Joins refreshes in progress. Pays for its own from the budget;
        where the backoff or the budget forbids one, the answer is False at once, and a refresh is
        scheduled for later.
        """
        cached = self.cached
        while not cached.fetched_since(since) and not is_found(cached.usable()):
            flight = self._flights.current()
            if flight is None:
                now = cached.now()
                if not cached.freshness.backoff.allows(now) or not cached.spend(now):
                    return False
                flight = self._start(now, paid=True)
            await flight.ended.wait()
            if not flight.succeeded and not flight.stood_still:
                return False
        return True

    async def refresh(self) -> None:
        """Fetch now, whatever clocks, budget and backoff say, by a fetch that begins after this.

        Callers during one fetch share the next one, which asks caches on the way to revalidate.

        Raises:
            KeySetError: the fetch failed. The last good value stays in use within its period.
        """
        began_before = self._flights.runs
        flight = self._flights.current()
        while flight is not None and (flight.number <= began_before or not flight.revalidate):
            await flight.ended.wait()
            flight = self._flights.current()
        if flight is None:
            flight = self._start(self.cached.now(), revalidate=True)
        await flight.ended.wait()
        if not flight.succeeded:
            raise self.cached.unavailable()

    async def keep_fresh(self, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        """Refresh whenever one is due, until cancelled: for a task that lives with the app."""
        while True:
            now = self.cached.now()
            delay = self.cached.freshness.refresh_due_at() - now
            if delay <= 0:
                flight = self._flights.current() or self._start_if_due(now)
                if flight is not None:
                    await flight.ended.wait()
                now = self.cached.now()
                delay = max(SHORTEST_SLEEP, self.cached.freshness.refresh_due_at() - now)
            await sleep(min(delay, LONGEST_SLEEP))

    async def aclose(self) -> None:
        """Cancel this event loop's refresh, and wait until it is gone."""
        await self._flights.cancel()

    def _looked_at_again(self, now: float) -> T | None:
        cached = self.cached
        phase = cached.freshness.phase(now)
        if phase in {Phase.EMPTY, Phase.EXPIRED}:
            return None
        if phase is Phase.FRESH:
            return cached.value
        flight = self._flights.current() or self._start_if_due(now)
        if phase is Phase.STALE or (flight is not None and flight.is_awaited):
            freshness = cached.freshness
            waited = now >= freshness.started_at + self._period.max_wait
            if not waited and not freshness.backoff.is_recent(now):
                return None
        if phase is Phase.STALE:
            cached.announce(Phase.STALE)
        return cached.value

    def _start_if_due(self, now: float) -> Flight | None:
        """Start a refresh that is due, if it may start; nobody may wait for it."""
        freshness = self.cached.freshness
        if not freshness.can_start_refresh(self._period, now):
            return None
        paid = freshness.is_due_by_schedule_alone(now)
        if paid and not self.cached.spend(now):
            return None
        return self._start(now, paid=paid)

    def _start(self, now: float, *, paid: bool = False, revalidate: bool = False) -> Flight:
        """A refresh that starts now, where none is in progress."""
        self.cached.refresh_started(now)
        flight = self._flights.start(now, paid=paid, revalidate=revalidate)
        flight.is_awaited, self._was_lost = self._was_lost, False
        return flight

    async def _refresh(self, flight: Flight) -> None:
        cached = self.cached
        began = cached.elapsed()
        turn, previous = cached.next_turn()
        # An endpoint that is failing already is not asked twice at a time.
        attempts = 1 if cached.freshness.backoff.failures else 2
        try:
            with anyio.fail_after(self._period.timeout):
                loaded = await self._load(previous, attempts=attempts, revalidate=flight.revalidate)
        except TimeoutError:
            late = f"{self._source()}: no complete answer within {self._period.timeout:g} s"
            self._failed(turn, KeySetUnavailable(late), flight)
        except anyio.get_cancelled_exc_class():
            if flight.is_cancelled():
                # Where each request has a loop of its own, the next one may fare no better.
                self._was_lost = not flight.is_awaited
                raise
            # A client that cancels itself has failed; nobody cancelled this run.
            within = KeySetUnavailable(f"{self._source()}: the fetch cancelled itself")
            self._failed(turn, within, flight)
        # Whatever else it is, it must leave no waiter hanging, and the state must tell of it.
        except Exception as error:
            self._failed(turn, error, flight)
        else:
            flight.succeeded = True
            cached.succeeded(turn, loaded, began=began)

    def _failed(self, turn: int, error: Exception, flight: Flight) -> None:
        # Somebody waits for such a run, so that its loop runs.
        is_waited_for = flight.is_awaited or flight.paid or flight.revalidate
        if flight.stood_still and not is_waited_for:
            # A host that freezes the process between two requests, such as a function in a cloud:
            # the endpoint did not fail. Requests wait for the next run, so that their loop runs.
            self._was_lost = True
        else:
            self.cached.failed(turn, error, paid=flight.paid)
