"""What a fetch brings, who makes it, and who is told: the words that `refreshing.py` is written in.

What lives only here: `Fetched`, `Load` and `Observer`. What it does not know: when anything is
fetched, and what.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from asgi_jwks.caching.freshness import Phase

__all__ = ["Fetched", "Load", "Nobody", "Observer"]

T = TypeVar("T")
S = TypeVar("S", contravariant=True)


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A value and what its answer said: where it came from, its ETag, advised freshness (s)."""

    value: T
    url: str
    document: bytes
    etag: str | None = None
    advised: float | None = None


class Observer(Protocol[S]):
    """Who is told of changes of state. It is called outside the lock and must not raise."""

    def refreshed(self, previous: S | None, value: S) -> None:
        """A fetch succeeded."""

    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None:
        """A fetch failed, for the `failures`-th time in a row; `retry_in` seconds of backoff."""

    def entered(self, phase: Phase) -> None:
        """A request was served stale, or found the value expired: once per spell."""

    def budget_exhausted(self) -> None:
        """A refetch was refused for want of budget: once per refill."""


class Nobody:
    """An observer for whom nothing matters."""

    def refreshed(self, previous: object, value: object) -> None: ...
    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None: ...
    def entered(self, phase: Phase) -> None: ...
    def budget_exhausted(self) -> None: ...


Load = Callable[[Fetched[T] | None, int], Awaitable[Fetched[T]]]
"""`await load(previous, attempts)`: one fetch; raises whatever makes it a failed one."""
