"""From the changes of a cached key set to events for a listener."""

import logging
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any, Final, ParamSpec, TypeVar

from asgi_jwks._printable import printable
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.events.event import Listeners
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetEvent,
    KeySetExpired,
    KeySetListener,
    KeySetRefreshed,
    KeyTrustedAgain,
    RefreshFailed,
    ServingStale,
    UnknownKey,
)
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.distrust import KeyName

__all__ = ["KeySetObserver"]

_log: Final = logging.getLogger("asgi_jwks.keys")


T = TypeVar("T")
Arguments = ParamSpec("Arguments")


class KeySetObserver:
    """Observes one cached key set, and tells its listeners.

    Args:
        key_set: the name of the key set in events.
        listener: is called with each event.
    """

    def __init__(self, key_set: str, listener: KeySetListener) -> None:
        self._key_set: Final = key_set
        self._listeners: Final = Listeners(_log)
        self._seconds = 0.0
        self._asked: Callable[[], str | None] = _nothing
        self.add(listener)

    def add(self, listener: KeySetListener) -> None:
        """Tell one listener more, unless it is told already."""
        # It gets events of key sets alone.
        of_all: Any = listener
        self._listeners.add(of_all)

    def timed(
        self, load: Callable[Arguments, Coroutine[Any, Any, T]], asked: Callable[[], str | None]
    ) -> Callable[Arguments, Coroutine[Any, Any, T]]:
        """A fetch of the set, whose duration and URL the next event tells.

        Args:
            load: fetches the set.
            asked: the URL that was asked last.
        """
        self._asked = asked

        async def timed(*args: Arguments.args, **kwargs: Arguments.kwargs) -> T:
            began = perf_counter()
            try:
                return await load(*args, **kwargs)
            finally:
                self._seconds = perf_counter() - began

        return timed

    def refreshed(self, previous: JWKSet | None, value: JWKSet) -> None:
        """A fetch succeeded."""
        added, removed = _names_missing(value, previous), _names_missing(previous, value)
        skipped = value.skipped
        changed = previous is None or bool(added or removed) or skipped != previous.skipped
        self.notify(KeySetRefreshed(self._key_set, added, removed, skipped, changed, self._seconds))

    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None:
        """A fetch failed."""
        url, seconds = self._asked(), self._seconds
        self.notify(RefreshFailed(self._key_set, error, failures, retry_in, url, seconds))

    def entered(self, phase: Phase) -> None:
        """A request was served stale keys, or found them expired."""
        event = ServingStale if phase is Phase.STALE else KeySetExpired
        self.notify(event(self._key_set))

    def budget_exhausted(self) -> None:
        """A refetch was refused for want of budget."""
        self.notify(BudgetExhausted(self._key_set))

    def unknown_key(self, kid: str | None) -> None:
        """A refetch did not find the key that it was made for."""
        self.notify(UnknownKey(self._key_set, "" if kid is None else printable(kid)))

    def said(self, name: KeyName, *, is_distrusted: bool, is_kept: bool) -> None:
        """An operator distrusts a key, or trusts it again."""
        kid = name.name if name.kind == "kid" else None
        thumbprint = name.name if name.kind == "thumbprint" else None
        if is_distrusted:
            self.notify(KeyDistrusted(self._key_set, kid, thumbprint, is_kept))
        else:
            self.notify(KeyTrustedAgain(self._key_set, kid, thumbprint))

    def notify(self, event: KeySetEvent) -> None:
        """Tell the listeners; their exceptions are logged and go no further."""
        self._listeners(event)


def _nothing() -> None:
    """No URL was asked."""


def _names_missing(keys: JWKSet | None, other: JWKSet | None) -> tuple[str, ...]:
    """The names of the keys that the other set lacks."""
    known = frozenset(() if other is None else other.keys)
    missing = (key for key in (() if keys is None else keys.keys) if key not in known)
    return tuple(dict.fromkeys(key.kid or key.thumbprint for key in missing))
