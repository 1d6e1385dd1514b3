"""What happens to a key set, told to whoever operates it.

What lives only here: the events, and the log lines that tell them by default. Events are changes
of state, never requests, so that no stranger can flood a log. What it does not know: how the
changes come about.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.jose.jwk import SkipReason
from asgi_jwks.jose.jwk_set import JWKSet, SkippedKey

__all__ = [
    "BudgetExhausted",
    "KeySetEvent",
    "KeySetExpired",
    "KeySetRefreshed",
    "Listener",
    "RefreshFailed",
    "ServingStale",
    "UnknownKey",
    "log_event",
]

_log: Final = logging.getLogger("asgi_jwks.keys")


@dataclass(frozen=True, slots=True)
class KeySetEvent:
    """Something happened to the key set called `key_set` (its issuer, or its URL)."""

    key_set: str


@dataclass(frozen=True, slots=True)
class KeySetRefreshed(KeySetEvent):
    """A fetch succeeded.

    `added` and `removed` are key ids, as compared with the set before. One that is in both has new
    key material; a key without an id is named by its RFC 7638 thumbprint. `skipped` are the keys of
    the document that are not used. `changed` is whether any of this is other than before.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    skipped: tuple[SkippedKey, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class RefreshFailed(KeySetEvent):
    """A fetch failed, for the `failures`-th time in a row; the next in `retry_in` seconds."""

    error: Exception
    failures: int
    retry_in: float


@dataclass(frozen=True, slots=True)
class ServingStale(KeySetEvent):
    """The set is past `max_age` and could not be refreshed; it serves up to `max_stale` longer."""


@dataclass(frozen=True, slots=True)
class KeySetExpired(KeySetEvent):
    """The set is past `max_age + max_stale`: requests get 503 until a fetch succeeds."""


@dataclass(frozen=True, slots=True)
class UnknownKey(KeySetEvent):
    """A refetch was made for the key id `kid`, escaped and shortened here, and did not find it."""

    kid: str


@dataclass(frozen=True, slots=True)
class BudgetExhausted(KeySetEvent):
    """Unknown key ids have used up the refetch budget; a refresh follows when it refills."""


Listener = Callable[[KeySetEvent], None]


def log_event(event: KeySetEvent) -> None:
    """The default listener: one log line for each event, in the logger `asgi_jwks.keys`."""
    match event:
        case KeySetRefreshed():
            _log_refreshed(event)
        case RefreshFailed(key_set, error, failures, retry_in):
            # The first failure is news; the ones that the backoff spaces out repeat it.
            level = logging.WARNING if failures == 1 else logging.INFO
            text = "%s: keys could not be refreshed (attempt %d, next in %.0f s): %s"
            _log.log(level, text, key_set, failures, retry_in, error)
        case ServingStale(key_set):
            _log.warning("%s: the keys are past max_age; serving the last good set", key_set)
        case KeySetExpired(key_set):
            _log.error("%s: the keys are past max_age + max_stale; answering 503", key_set)
        case UnknownKey(key_set, kid):
            _log.info("%s: no usable key with kid '%s' after a refetch", key_set, kid)
        case BudgetExhausted(key_set):
            _log.warning("%s: unknown key ids have used up the refetch budget", key_set)


def _log_refreshed(event: KeySetRefreshed) -> None:
    if not event.changed:
        _log.debug("%s: keys refreshed, nothing changed", event.key_set)
        return
    added, removed = (", ".join(map(printable, kids)) for kids in (event.added, event.removed))
    _log.info("%s: keys refreshed; added: [%s], removed: [%s]", event.key_set, added, removed)
    for skipped in event.skipped:
        exposed = skipped.reason is SkipReason.PRIVATE_KEY
        _log.log(
            logging.ERROR if exposed else logging.INFO,
            "%s: key %d (kid %s) is not used: %s",
            event.key_set,
            skipped.index,
            "none" if skipped.kid is None else f"'{printable(skipped.kid)}'",
            "it is published with its private part" if exposed else skipped.reason,
        )


class Announcer:
    """Turns the changes that `refreshing.py` reports of one key set into events for a listener."""

    def __init__(self, key_set: str, listener: Listener) -> None:
        self._key_set: Final = key_set
        self._listener: Final = listener

    def refreshed(self, previous: JWKSet | None, value: JWKSet) -> None:
        """A fetch succeeded."""
        added, removed = _names_missing(value, previous), _names_missing(previous, value)
        skipped = value.skipped
        changed = previous is None or bool(added or removed) or skipped != previous.skipped
        self.tell(KeySetRefreshed(self._key_set, added, removed, skipped, changed))

    def failed(self, error: Exception, *, failures: int, retry_in: float) -> None:
        """A fetch failed."""
        self.tell(RefreshFailed(self._key_set, error, failures, retry_in))

    def entered(self, phase: Phase) -> None:
        """A request was served stale keys, or found them expired."""
        event = ServingStale if phase is Phase.STALE else KeySetExpired
        self.tell(event(self._key_set))

    def budget_exhausted(self) -> None:
        """A refetch was refused for want of budget."""
        self.tell(BudgetExhausted(self._key_set))

    def unknown_key(self, kid: str | None) -> None:
        """A refetch did not find the key that it was made for."""
        self.tell(UnknownKey(self._key_set, "" if kid is None else printable(kid)))

    def tell(self, event: KeySetEvent) -> None:
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
