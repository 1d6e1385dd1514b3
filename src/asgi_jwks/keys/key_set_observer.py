"""From the changes of a cached key set to events for a listener."""

import logging
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetEvent,
    KeySetExpired,
    KeySetRefreshed,
    KeyTrustedAgain,
    Listener,
    RefreshFailed,
    ServingStale,
    UnknownKey,
)
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.keys.distrust import KeyName

__all__ = ["KeySetObserver"]

_log: Final = logging.getLogger("asgi_jwks.keys")


class KeySetObserver:
    """Observes one cached key set, and tells a listener of it.

    Args:
        key_set: the name of the key set in events.
        listener: is called with each event.
    """

    def __init__(self, key_set: str, listener: Listener) -> None:
        self._key_set: Final = key_set
        self._listener: Final = listener

    def refreshed(self, previous: JWKSet | None, value: JWKSet) -> None:
        """A fetch succeeded."""
        added, removed = _names_missing(value, previous), _names_missing(previous, value)
        skipped = value.skipped
        changed = previous is None or bool(added or removed) or skipped != previous.skipped
        self.notify(KeySetRefreshed(self._key_set, added, removed, skipped, changed))

    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None:
        """A fetch failed."""
        self.notify(RefreshFailed(self._key_set, error, failures, retry_in))

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
        """Call the listener; its exceptions are logged and go no further."""
        try:
            self._listener(event)
        # A listener is somebody else's code: it may not turn a refresh into an outage.
        except Exception:
            _log.exception("the key set listener failed on %s", type(event).__name__)


def _names_missing(keys: JWKSet | None, other: JWKSet | None) -> tuple[str, ...]:
    """The names of the keys that the other set lacks."""
    known = frozenset(() if other is None else other.keys)
    missing = (key for key in (() if keys is None else keys.keys) if key not in known)
    return tuple(dict.fromkeys(key.kid or key.thumbprint for key in missing))
