"""The answers of a source by key, and its failures, each kept for its time.

They are state and nothing else: whoever holds them has the lock, asks, and waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from cachetools import TTLCache

from asgi_jwks.caching.budget import Backoff
from asgi_jwks.errors import RequestError

__all__ = ["DEFAULT_PERIOD", "Answer", "KeptAnswers", "KeyedPeriod", "Refusal"]

T = TypeVar("T")

# Failures in a row are counted for as long as a backoff may last, twice over.
FAILURES_FOR: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedPeriod:
    """How long answers are kept, in seconds.

    Args:
        fresh: an answer is asked for anew after this.
        serves: while the source fails, its last answer serves for this long after it was given.
        unknown: for this long a key is known to have no value; it must be longer than `timeout`.
        timeout: the deadline of one question.
        max_wait: where a last answer is at hand, nobody waits longer for a new one.
    """

    fresh: float = 300.0
    serves: float = 4200.0
    unknown: float = 10.0
    timeout: float = 5.0
    max_wait: float = 1.0


DEFAULT_PERIOD: Final = KeyedPeriod()


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value, or None where there is none.

    `turn` counts the questions as they were asked.
    """

    turn: int
    value: T | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer by an error, after which older answers are not true any more."""

    turn: int
    error: RequestError


class KeptAnswers(Generic[T]):
    """The last answers of a source, and for how long each of them counts.

    Args:
        size: so many values are kept, and as many keys without one.
        period: how long each is kept.
        merge: makes of the last value and a new one the value that is kept.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        size: int,
        period: KeyedPeriod,
        merge: Callable[[T, T], T],
        clock: Callable[[], float],
    ) -> None:
        self._merge: Final = merge
        self._fresh: Final = TTLCache[str, Answer[T]](size, period.fresh, clock)
        self._last: Final = TTLCache[str, Answer[T]](size, period.serves, clock)
        # Answers without a value, for longer than an older question may be in progress. Apart, so
        # that keys of strangers evict no value.
        self._empty: Final = TTLCache[str, Answer[T] | Refusal](size, period.unknown, clock)
        self._failures: Final = TTLCache[str, Backoff](size, FAILURES_FOR, clock)

    def fresh(self, key: str) -> Answer[T] | None:
        """The answer with a value that needs no question yet."""
        return self._fresh.get(key)

    def settled(self, key: str) -> Answer[T] | None:
        """The answer that needs no question yet, that there is no value included."""
        answer = self._fresh.get(key) or self._empty.get(key)
        return answer if isinstance(answer, Answer) else None

    def last(self, key: str) -> Answer[T] | None:
        """The last answer with a value, which serves while the source fails."""
        return self._last.get(key)

    def values(self) -> list[T]:
        """The values that may be in use."""
        return [answer.value for answer in self._last.values() if answer.value is not None]

    def backoff(self, key: str) -> Backoff:
        """The failures of the source in a row."""
        return self._failures.get(key, Backoff())

    def accept(self, key: str, answer: Answer[T]) -> Answer[T] | RequestError:
        """Keep an answer, and return the one that counts.

        That is another one where a question that was asked later has been answered already.
        """
        self._failures.pop(key, None)
        newer = self._newer(key, answer.turn)
        if newer is not None:
            return newer
        if answer.value is None:
            self._keep_none(key, answer)
            return answer
        last = self._last.get(key)
        if last is not None and last.value is not None:
            answer = Answer(answer.turn, self._merge(last.value, answer.value))
        self._empty.pop(key, None)
        self._fresh[key] = self._last[key] = answer
        return answer

    def refuse(self, key: str, refusal: Refusal) -> Answer[T] | RequestError:
        """Keep no value of a key, and return the answer that counts, as `accept` does."""
        newer = self._newer(key, refusal.turn)
        if newer is not None:
            return newer
        self._keep_none(key, refusal)
        return refusal.error

    def _newer(self, key: str, turn: int) -> Answer[T] | RequestError | None:
        """The answer to a question that was asked later."""
        kept = self._last.get(key) or self._empty.get(key)
        if kept is None or kept.turn < turn:
            return None
        return kept if isinstance(kept, Answer) else kept.error

    def _keep_none(self, key: str, answer: Answer[T] | Refusal) -> None:
        self._empty[key] = answer
        self._fresh.pop(key, None)
        self._last.pop(key, None)

    def failed(self, key: str, now: float, retry_after: float | None) -> None:
        """Count a failure.

        Args:
            key: the key that was asked about.
            now: monotonic seconds.
            retry_after: the seconds that the source asks to wait, if it does.
        """
        backoff = self.backoff(key)
        self._failures[key] = backoff.after_failure(now, spread=0.0, retry_after=retry_after)
