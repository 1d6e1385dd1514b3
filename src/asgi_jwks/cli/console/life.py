"""The life of a key set as it was heard of, in order.

It may be told from any thread. Entries are bounded, and a reader asks for those that are new.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import RequestError, TemporarilyUnavailable
from asgi_jwks.events import Event
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetExpired,
    KeySetRefreshed,
    KeyTrustedAgain,
    RefreshFailed,
    ServingStale,
    UnknownKey,
)

__all__ = ["Entry", "Life", "Refusal"]

# A page shows the last of them; whoever floods the API does not fill the memory.
_MOST_ENTRIES: Final = 200
_MOST_REFUSALS: Final = 64
_LONGEST: Final = 300

REQUEST_FIELD: Final = b"x-console-request"
"""The field by which a request of the console finds its refusal."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something happened.

    Attributes:
        number: counts all entries.
        at: seconds of the API's clock since the start.
        kind: fetched, failed, phase, key, request or act.
        text: a sentence.
    """

    number: int
    at: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The refusal of one request, in the words of the operator's log.

    Attributes:
        reason: the rule that was broken; None where keys are unavailable.
        advice: the sentence that says what is wrong and what to do.
    """

    reason: str | None
    advice: str


class Life:
    """Hears of one key set, and of the requests that need it.

    Args:
        clock: seconds; that of the key set.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=_MOST_ENTRIES)
        self._refusals: dict[bytes, Refusal] = {}
        self._count = 0

    @property
    def now(self) -> float:
        """Seconds of the clock since the start."""
        return self._clock() - self._start

    @property
    def count(self) -> int:
        """How many entries there have been."""
        return self._count

    def entries(self) -> tuple[Entry, ...]:
        """The last entries, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def note(self, kind: str, text: str) -> None:
        """Add an entry."""
        with self._lock:
            self._count += 1
            self._entries.append(Entry(self._count, self.now, kind, text[:_LONGEST]))

    def heard(self, event: Event) -> None:
        """Listen to the events of a key set."""
        kind, text = _told(event)
        self.note(kind, text)

    def refused(self, error: RequestError | TemporarilyUnavailable, scope: Any) -> None:
        """Listen to the refusals of the middleware."""
        number = next((value for name, value in scope["headers"] if name == REQUEST_FIELD), None)
        if number is None:
            return
        reason = error.reason.value if isinstance(error, RequestError) else None
        advice = error.advice if isinstance(error, RequestError) else None
        told = Refusal(reason, f"{error}" if advice is None else advice.sentence)
        with self._lock:
            while len(self._refusals) >= _MOST_REFUSALS:
                self._refusals.pop(next(iter(self._refusals)))
            self._refusals[number] = told

    def refusal(self, number: bytes) -> Refusal | None:
        """The refusal of the request of this number, once."""
        with self._lock:
            return self._refusals.pop(number, None)


def _told(event: Event) -> tuple[str, str]:
    """The kind of an entry, and a sentence about it."""
    match event:
        case KeySetRefreshed(added=added, removed=removed):
            news = [f"new {_names(added)}"] if added else []
            news += [f"gone {_names(removed)}"] if removed else []
            return "fetched", f"Keys fetched: {', '.join(news) or 'no change'}."
        case RefreshFailed(error=error, retry_in=retry_in):
            return "failed", f"Fetch failed, next in {retry_in:.0f} s: {error}"
        case ServingStale():
            return "phase", "The keys are stale and serve on: the endpoint fails."
        case KeySetExpired():
            return "phase", "The keys have expired: every request gets 503."
        case UnknownKey(kid=kid):
            return "key", f"A fetch did not find the key {kid or 'without an id'}."
        case BudgetExhausted():
            return "key", "Unknown key ids have used up the budget of fetches."
        case KeyDistrusted(kid=kid, thumbprint=thumbprint):
            return "key", f"The key {printable(kid or thumbprint or '')} is distrusted."
        case KeyTrustedAgain(kid=kid, thumbprint=thumbprint):
            return "key", f"The key {printable(kid or thumbprint or '')} is trusted again."
        case _:
            return "key", type(event).__name__


def _names(kids: tuple[str, ...]) -> str:
    return ", ".join(printable(kid) for kid in kids)
