"""An observer of a cached value: it hears of changes of its state."""

from typing import Protocol, TypeVar

from asgi_jwks.caching.freshness import Phase

__all__ = ["NoObserver", "Observer"]

S = TypeVar("S", contravariant=True)


class Observer(Protocol[S]):
    """Hears of changes of state. It is called outside the lock and must not raise."""

    def refreshed(self, previous: S | None, value: S) -> None:
        """A fetch succeeded."""

    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None:
        """A fetch failed, for the `failures`-th time in a row; `retry_in` seconds of backoff."""

    def entered(self, phase: Phase) -> None:
        """A request was served stale, or found the value expired: once per spell."""

    def budget_exhausted(self) -> None:
        """The empty budget refused a fetch: once per refill."""


class NoObserver:
    """An observer that does nothing."""

    def refreshed(self, previous: object, value: object) -> None: ...
    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None: ...
    def entered(self, phase: Phase) -> None: ...
    def budget_exhausted(self) -> None: ...
