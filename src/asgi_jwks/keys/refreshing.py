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
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

import anyio

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.errors import KeySetError, KeySetUnavailable
from asgi_jwks.keys.fetch import FetchFailed
from asgi_jwks.keys.flight import Flight, SingleFlight
from asgi_jwks.keys.freshness import Freshness, Phase, TrustPeriod

__all__ = ["Fetched", "Observer", "Refreshing"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A value and what its answer said: where it came from, its ETag, advised freshness (s)."""

    value: T
    url: str
    document: bytes
    etag: str | None = None
    advised: float | None = None


class Observer(Protocol):
    """Who is told of changes of state. It is called outside the lock and must not raise."""

    def refreshed(self, previous: object, value: object) -> None:
        """A fetch succeeded."""

    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None:
        """A fetch failed, for the `failures`-th time in a row; `retry_in` seconds of backoff."""

    def entered(self, phase: Phase) -> None:
        """A request was served stale, or found the value expired: once per spell."""

    def budget_exhausted(self) -> None:
        """A refetch was refused for want of budget: once per refill."""


class _Nobody:
    def refreshed(self, previous: object, value: object) -> None: ...
    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None: ...
    def entered(self, phase: Phase) -> None: ...
    def budget_exhausted(self) -> None: ...


Load = Callable[[Fetched[T] | None, int], Awaitable[Fetched[T]]]
"""`await load(previous, attempts)`: one fetch; raises whatever makes it a failed one."""


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
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._load: Final = load
        self._observer: Final = observer if observer is not None else _Nobody()
        self._clock: Final = clock
        self._spread: Final = spread
        self.period: Final = period
        self.freshness = Freshness()
        self.fetched: Fetched[T] | None = None
        self.last_error: Exception | None = None
        self.fetches = 0
        self._applied = 0
        self._announced: Phase | None = None
        # Read on the request path: the value, and until when it needs no second look.
        self._value: T | None = None
        self._quiet_until = self.freshness.quiet_until()
        self._lock: Final = ForkSafeLock()
        self._flights: Final = SingleFlight(self._refresh)

    def at_hand(self) -> T | None:
        """The value, if a request may use it now, without waiting. Starts a refresh that is due."""
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
            flight = self._flights.start(now)
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
                await self._flights.start(now).ended.wait()
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

    def may_refetch(self) -> bool:
        """Whether backoff and budget allow `refetched` to make a fetch now."""
        now = self._clock()
        return self.freshness.may_fetch(now) and self.freshness.budget(now) >= 1

    async def refetched(self, since: float) -> bool:
        """Whether a fetch that began at `since` or later has succeeded; makes one if it may.

        Joins refreshes in progress. Pays for its own from the budget; where the backoff or the
        budget forbids one, the answer is False at once, and a refresh is owed for later.
        """
        while not self._fetched_since(since):
            flight = self._flights.current()
            if flight is None:
                now = self._clock()
                if not self.freshness.may_fetch(now) or not self._pay(now):
                    return False
                flight = self._flights.start(now, paid=True)
            await flight.ended.wait()
            if not flight.succeeded:
                return False
        return True

    async def refresh(self) -> None:
        """Fetch now, whatever the clocks say; join a refresh in progress.

        Raises:
            KeySetError: the fetch failed. The last good value stays in use within its period.
        """
        flight = self._flights.start(self._clock())
        await flight.ended.wait()
        if not flight.succeeded:
            raise self._unavailable()

    async def keep_fresh(self, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        """Refresh whenever one is due, until cancelled: for a task that lives with the app."""
        while True:
            delay = self.freshness.refresh_at() - self._clock()
            if delay > 0:
                await sleep(delay)
            else:
                await self._flights.start(self._clock()).ended.wait()

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
        flight = self._flights.current()
        if flight is None and self.freshness.may_fetch(now):
            owed_to_budget = self.freshness.wanted_at <= now < self.freshness.due_at
            if not owed_to_budget or self._pay(now):
                flight = self._flights.start(now, paid=owed_to_budget)
        if phase is Phase.STALE:
            waited = flight is not None and now >= flight.started + self.period.max_wait
            if not self.freshness.failures and not waited:
                return None
            self._announce(Phase.STALE)
        return self._value

    def _fetched_since(self, since: float) -> bool:
        fetched_at = self.freshness.fetched_at
        return fetched_at is not None and fetched_at >= since

    def _pay(self, now: float) -> bool:
        with self._lock:
            paid = self.freshness.spend(now)
            first_refusal = paid is None and self.freshness.wanted_at == math.inf
            self._set(self.freshness.want(now) if paid is None else paid)
        if first_refusal:
            self._observer.budget_exhausted()
        return paid is not None

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
            failed = self.freshness.failed(
                now,
                spread=self._spread(),
                retry_after=error.asked_to_wait if isinstance(error, FetchFailed) else None,
                spent=flight.paid,
            )
            self._set(failed)
        self._observer.failed(error, failures=failed.failures, retry_in=failed.not_before - now)

    def _set(self, freshness: Freshness) -> None:
        self.freshness = freshness
        self._quiet_until = freshness.quiet_until()

    def _announce(self, phase: Phase) -> None:
        if self._announced is not phase:
            self._announced = phase
            self._observer.entered(phase)

    def _unavailable(self) -> KeySetError:
        now = self._clock()
        if self.freshness.phase(now) is Phase.EXPIRED:
            self._announce(Phase.EXPIRED)
        why = "nothing has been fetched yet" if self.last_error is None else str(self.last_error)
        error = KeySetUnavailable(why, retry_after=self.freshness.retry_after(now))
        error.__cause__ = self.last_error
        return error
