"""Many values by key, each asked for when needed and kept for a while.

Each key is asked about once at a time in an event loop, under a deadline, and the question goes on
when nobody waits for it any more. A budget pays for keys that may not exist. A key without a value
is remembered too, and last answers serve while the source fails. It knows neither the questions nor
who answers them.
"""

import math
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Generic, TypeVar

import anyio

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.kept_answers import (
    DEFAULT_PERIOD,
    Answer,
    KeptAnswers,
    KeyedPeriod,
    Refusal,
)
from asgi_jwks.caching.single_flight import Flight, SingleFlight
from asgi_jwks.errors import KeySetUnavailable, RequestError, TemporarilyUnavailable

__all__ = ["KeyedValues"]

T = TypeVar("T")


class _Question(Generic[T]):
    """A question about one key, with its runs in event loops and their outcomes."""

    __slots__ = ("flights", "key", "outcomes", "runs")

    def __init__(self, key: str, run: Callable[["_Question[T]", Flight], Awaitable[None]]) -> None:
        self.key: Final = key
        # How many are in progress in all loops.
        self.runs = 0
        # By the numbers of the runs, until none is in progress.
        self.outcomes: Final[dict[int, Answer[T] | RequestError]] = {}
        self.flights: Final = SingleFlight(partial(run, self))


class KeyedValues(Generic[T]):
    """The values that a source has answered with.

    It may be used by several loops and threads.

    Args:
        ask: `await ask(key)` is the value, or None where there is none. A RequestError is an answer
            as well: it is raised to whoever asked. Any other exception means that it cannot tell.
        source: names the source, for messages.
        merge: makes of the last value and a new one the value that is kept; it must not block.
        size: so many values are kept, and as many keys without one.
        period: how long each is kept.
        budget: pays for keys without a last answer; where a value is found, it is given back.
        on_failure: hears of each failure, and after how many seconds it came.
        on_spent: hears when the budget does not pay for a question, once until it does again.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[T | None]],
        *,
        source: str,
        merge: Callable[[T, T], T],
        budget: Budget,
        on_failure: Callable[[Exception, float], object],
        on_spent: Callable[[], object],
        size: int = 1024,
        period: KeyedPeriod = DEFAULT_PERIOD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask: Final = ask
        self._source: Final = source
        self._on_failure: Final = on_failure
        self._on_spent: Final = on_spent
        self._is_spent = False
        self._period: Final = period
        self._clock: Final = clock
        self._budget = budget
        self._lock: Final = ForkSafeLock()
        self._turns = 0
        self._kept: Final = KeptAnswers(size, period, merge, clock)
        self._questions: Final[dict[str, _Question[T]]] = {}

    def known(self, key: str) -> T | None:
        """The value, if it was answered lately."""
        with self._lock:
            answer = self._kept.fresh(key)
        return None if answer is None else answer.value

    def values(self) -> list[T]:
        """The values that may be in use."""
        with self._lock:
            return self._kept.values()

    async def get(self, key: str) -> T | None:
        """The value of a key; None without one, or if the budget is spent.

        Raises:
            RequestError: the source raised it.
            TemporarilyUnavailable: the source failed, and has given no answer lately.
        """
        now = self._clock()
        with self._lock:
            answer = self._kept.settled(key)
            if answer is not None:
                return answer.value
            last = self._kept.last(key)
            backoff = self._kept.backoff(key)
            question = self._questions.get(key)
            flight = None if question is None else question.flights.current()
            paid = is_refused = False
            starts = flight is None and backoff.allows(now)
            if starts:
                paid = last is None
                is_refused = paid and not self._pay(now)
                if not is_refused:
                    if question is None:
                        question = self._questions[key] = _Question(key, self._run)
                    question.runs += 1
        if is_refused:
            self._announce_spent()
            return None
        if question is not None and (starts or flight is not None):
            flight = flight or question.flights.start(now, paid=paid)
            longest = math.inf if last is None else self._period.max_wait
            with anyio.move_on_after(longest):
                await flight.ended.wait()
                outcome = question.outcomes.get(flight.number)
                if isinstance(outcome, RequestError):
                    raise outcome
                if outcome is not None:
                    return outcome.value
        if last is not None:
            return last.value
        with self._lock:
            backoff = self._kept.backoff(key)
        raise KeySetUnavailable(
            f"{self._source} failed", retry_after=backoff.retry_after(self._clock())
        )

    async def aclose(self) -> None:
        """Cancel the questions that are in progress in this event loop."""
        with self._lock:
            questions = list(self._questions.values())
        for question in questions:
            await question.flights.cancel()

    def _pay(self, now: float) -> bool:
        """Pay for a question, with the lock held."""
        left = self._budget.after_spending(now)
        if left is None:
            return False
        self._budget, self._is_spent = left, False
        return True

    def _announce_spent(self) -> None:
        with self._lock:
            is_news, self._is_spent = not self._is_spent, True
        if is_news:
            self._on_spent()

    async def _run(self, question: _Question[T], flight: Flight) -> None:
        with self._lock:
            self._turns += 1
            turn = self._turns
        key, timeout, began = question.key, self._period.timeout, self._clock()
        try:
            with anyio.fail_after(timeout):
                value = await self._ask(key)
        except RequestError as refusal:
            with self._lock:
                counts = self._kept.refuse(key, Refusal(turn, refusal))
            question.outcomes[flight.number] = counts
        except anyio.get_cancelled_exc_class():
            if flight.is_cancelled():
                raise
            # A source that cancels itself has failed; nobody cancelled this run.
            self._failed(key, KeySetUnavailable(f"{self._source} cancelled itself"), began)
        except TimeoutError:
            late = KeySetUnavailable(f"{self._source}: no answer within {timeout:g} s")
            self._failed(key, late, began)
        # Whatever else it is: the source could not tell.
        except Exception as error:
            self._failed(key, error, began)
        else:
            answer = Answer(turn, value)
            question.outcomes[flight.number] = self._answered(key, answer, paid=flight.paid)
        finally:
            with self._lock:
                question.runs -= 1
                if not question.runs and self._questions.get(key) is question:
                    del self._questions[key]

    def _answered(self, key: str, answer: Answer[T], *, paid: bool) -> Answer[T] | RequestError:
        """Keep an answer; the question that has found a value is paid back."""
        with self._lock:
            counts = self._kept.accept(key, answer)
            is_own = isinstance(counts, Answer) and counts.turn == answer.turn
            if paid and is_own and answer.value is not None:
                self._budget = self._budget.refunded()
        return counts

    def _failed(self, key: str, error: Exception, began: float) -> None:
        retry_after = error.retry_after if isinstance(error, TemporarilyUnavailable) else None
        now = self._clock()
        with self._lock:
            self._kept.failed(key, now, retry_after)
        self._on_failure(error, now - began)
