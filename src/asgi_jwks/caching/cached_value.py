"""The last good value, and what is known of its freshness: state that a whole process shares.

What lives only here: the value, its Freshness, and the lock under which both change together. What
it does not know: event loops, who waits, and who fetches; `refreshing.py` does.

All event loops and threads of the process share one such state. The lock is never held while
anything is waited for, and what the request path reads is read without it.
"""

import math
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Generic, TypeVar

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.caching.fetched import Fetched, Observer
from asgi_jwks.caching.freshness import Freshness, Phase, TrustPeriod
from asgi_jwks.errors import KeySetError, KeySetUnavailable
from asgi_jwks.fetching.request import FetchFailed

__all__ = ["Kept"]

T = TypeVar("T")


class Kept(Generic[T]):
    """A value that was fetched, and the bookkeeping of its fetches.

    Args:
        period: how long a value is trusted.
        observer: is told of changes, outside the lock.
        clock: monotonic seconds.
        spread: random numbers from 0 to 1, for refresh-ahead and backoff.
    """

    def __init__(
        self,
        period: TrustPeriod,
        *,
        observer: Observer[T],
        clock: Callable[[], float] = time.monotonic,
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._observer: Final = observer
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

    def owes_refresh(self) -> bool:
        """Whether a refresh is owed already for what could not be fetched: by budget or backoff."""
        return self.freshness.wanted_at < math.inf or self.freshness.failures > 0

    def doubt(self) -> None:
        """The value may be outdated: a refresh is due now, unless the backoff forbids it."""
        with self._lock:
            self._set(replace(self.freshness, due_at=min(self.freshness.due_at, self._clock())))

    def restore(self, fetched: Fetched[T], *, age: float) -> None:
        """Begin with a value that was fetched `age` seconds ago, by another process."""
        with self._lock:
            self._accept(fetched, started=self._clock() - age)

    def _take_turn(self) -> tuple[int, Fetched[T] | None]:
        """Begin a fetch: its number, by which late ones are told, and what there is before it."""
        with self._lock:
            self.fetches += 1
            return self.fetches, self.fetched

    def _note_beginning(self, now: float) -> None:
        with self._lock:
            self._set(self.freshness.begun(self.period, now))

    def _succeed(self, turn: int, fetched: Fetched[T], *, started: float) -> None:
        with self._lock:
            # A refresh in another loop that began later has told more than this one can.
            if turn < self._applied:
                return
            self._applied = turn
            previous = self._value
            self._announced = None
            self._accept(fetched, started=started)
        self._observer.refreshed(previous, fetched.value)

    def _fail(self, turn: int, error: Exception, *, paid: bool) -> None:
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
                spent=paid,
            )
            self._set(failed)
        self._observer.failed(error, failures=failed.failures, retry_in=failed.not_before - now)

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

    def _fetched_since(self, since: float) -> bool:
        fetched_at = self.freshness.fetched_at
        return fetched_at is not None and fetched_at >= since

    def _accept(self, fetched: Fetched[T], *, started: float) -> None:
        self.fetched = fetched
        self.last_error = None
        self._value = fetched.value
        self._set(
            self.freshness.succeeded(
                self.period, started=started, advised=fetched.advised, spread=self._spread()
            )
        )

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
