"""The last good value and its freshness: state that a whole process shares.

All event loops and threads of the process share one such state. Its one lock is never held while
anything is awaited, and the request path reads without it. It knows no event loop.
"""

import math
import random
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.clocks import ElapsedClock
from asgi_jwks.caching.freshness import Freshness, Phase, TrustPeriod
from asgi_jwks.caching.observer import NoObserver, Observer
from asgi_jwks.caching.source import Loaded, asked_to_wait
from asgi_jwks.errors import KeySetError, KeySetUnavailable

__all__ = ["CachedValue"]

T = TypeVar("T")

# Two readings of one clock, subtracted, are not always zero.
ROUNDING: Final = 1e-3


class CachedValue(Generic[T]):
    """A value that was fetched, and the bookkeeping of its fetches.

    Args:
        period: how long a value is trusted.
        budget: what pays for fetches that strangers cause.
        observer: hears of changes, outside the lock.
        clock: seconds; an ElapsedClock also shows those that its monotonic clock does not, and
            the value ages by them. Budget and backoff follow the monotonic clock alone.
        spread: random numbers from 0 to 1, for refresh-ahead and backoff.
        view: the part of a loaded value that is served; called under the lock.
    """

    def __init__(
        self,
        period: TrustPeriod,
        *,
        budget: Budget | None = None,
        observer: Observer[T] | None = None,
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
        view: Callable[[T], T] | None = None,
    ) -> None:
        self.period: Final = period
        self.elapsed = clock
        self.monotonic = clock
        # How far the elapsed clock is ahead of the monotonic one.
        self._ahead = 0.0
        if isinstance(clock, ElapsedClock):
            # Hot path: a bound method costs less than an object that is called.
            self.elapsed, self.monotonic = clock.read, clock.monotonic
            self._ahead = self.elapsed() - self.monotonic()
        self._view: Final = view
        self._observer: Final[Observer[T]] = NoObserver() if observer is None else observer
        self._spread: Final = spread
        self.freshness = Freshness(budget=Budget() if budget is None else budget)
        self.loaded: Loaded[T] | None = None
        self.last_error: Exception | None = None
        self.fetches = 0
        self.failed_fetches = 0
        self._applied = 0
        self._announced: Phase | None = None
        # Hot path: the value, until when (elapsed) it needs no second look, and from when on
        # (monotonic) a stranger's token may cause a fetch.
        self.value: T | None = None
        self.unchanged_until = -math.inf
        self._refetch_allowed_at = -math.inf
        self._lock: Final = ForkSafeLock()

    def now(self) -> float:
        """Monotonic seconds, after the value has aged by those that passed unseen."""
        # In this order: a thread that is held up in between sees too little, never too much.
        elapsed = self.elapsed()
        now = self.monotonic()
        ahead = elapsed - now
        if ahead > self._ahead + ROUNDING:
            with self._lock:
                self._age(ahead)
        return now

    def can_spend(self) -> bool:
        """Whether backoff and budget allow a fetch that a stranger causes now."""
        return self.monotonic() >= self._refetch_allowed_at

    def usable(self) -> T:
        """The value, if it may still be used, however stale.

        Raises:
            KeySetError: there is none.
        """
        if self.value is None or self.phase() is Phase.EXPIRED:
            raise self.unavailable()
        return self.value

    def phase(self) -> Phase:
        """The phase of the value's life now."""
        now = self.now()
        return self.freshness.phase(now)

    def fetched_since(self, since: float) -> bool:
        """Whether the value is of a fetch that began at `since` or later."""
        fetched_at = self.freshness.fetched_at
        return fetched_at is not None and fetched_at >= since

    def mark_due(self) -> None:
        """The value may be outdated: a refresh is due now, unless the backoff forbids it."""
        now = self.now()
        with self._lock:
            self._set(self.freshness.with_refresh_due(now))

    def review(self) -> None:
        """View the loaded value anew: another part of it is served from now on."""
        with self._lock:
            if self.loaded is not None:
                self.value = self._viewed(self.loaded.value)

    def restore(self, loaded: Loaded[T], *, age: float) -> None:
        """Begin with a value that was fetched `age` seconds ago, by another process."""
        now = self.now()
        with self._lock:
            self._accept(loaded, started=now - age)

    def next_turn(self) -> tuple[int, Loaded[T] | None]:
        """The value, and the number of a fetch that begins.

        Late fetches are recognised by their numbers.
        """
        with self._lock:
            self.fetches += 1
            return self.fetches, self.loaded

    def refresh_started(self, now: float) -> None:
        """A refresh starts at `now`."""
        with self._lock:
            self._set(self.freshness.after_start(self.period, now))

    def succeeded(self, turn: int, loaded: Loaded[T], *, began: float) -> None:
        """The fetch of this turn succeeded.

        It is ignored if a later one has ended before it.

        `began` is when the fetch began, in seconds of the `elapsed` clock: the machine may have
        been suspended while the answer was on its way.
        """
        self.now()
        with self._lock:
            if turn < self._applied:
                return
            self._applied = turn
            previous = self.loaded
            self._announced = None
            self._accept(loaded, started=began - self._ahead)
        self._observer.refreshed(None if previous is None else previous.value, loaded.value)

    def failed(self, turn: int, error: Exception, *, paid: bool) -> None:
        """The fetch of this turn failed; `paid` if the budget was charged for it."""
        now = self.now()
        with self._lock:
            if turn < self._applied:
                return
            self.last_error = error
            self.failed_fetches += 1
            failed = self.freshness.after_failure(
                now, spread=self._spread(), retry_after=asked_to_wait(error), paid=paid
            )
            self._set(failed)
        self._observer.failed(
            error, failures=failed.backoff.failures, retry_in=failed.backoff.ends_at - now
        )

    def spend(self, now: float) -> bool:
        """Pay for one fetch.

        If the budget is empty, a refresh is scheduled for its refill.
        """
        with self._lock:
            paid = self.freshness.after_spending(now)
            if paid is not None:
                self._set(paid)
                return True
            first_refusal = self.freshness.scheduled_at == math.inf
            self._set(self.freshness.with_refresh_scheduled(now))
        if first_refusal:
            self._observer.budget_exhausted()
        return False

    def announce(self, phase: Phase) -> None:
        """Tell the observer, once per spell, that requests find the value stale or expired."""
        if self._announced is phase:
            return
        with self._lock:
            first = self._announced is not phase
            self._announced = phase
        if first:
            self._observer.entered(phase)

    def unavailable(self) -> KeySetError:
        """The error for whoever needs a value that may be used.

        Its cause is the last failure.
        """
        now = self.now()
        if self.freshness.phase(now) is Phase.EXPIRED:
            self.announce(Phase.EXPIRED)
        why = "no fetch has ended yet" if self.last_error is None else str(self.last_error)
        error = KeySetUnavailable(why, retry_after=self.freshness.backoff.retry_after(now))
        error.__cause__ = self.last_error
        return error

    def _accept(self, loaded: Loaded[T], *, started: float) -> None:
        self.loaded = loaded
        self.last_error = None
        self.value = self._viewed(loaded.value)
        self._set(
            self.freshness.after_success(
                self.period, started=started, advised=loaded.advised, spread=self._spread()
            )
        )

    def _viewed(self, value: T) -> T:
        return value if self._view is None else self._view(value)

    def _age(self, ahead: float) -> None:
        unseen = max(0.0, ahead - self._ahead)
        self._ahead += unseen
        self._set(self.freshness.aged(unseen))

    def _set(self, freshness: Freshness) -> None:
        self.freshness = freshness
        self.unchanged_until = freshness.unchanged_until() + self._ahead
        self._refetch_allowed_at = freshness.refetch_allowed_at()
