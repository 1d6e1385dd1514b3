"""The default listener: one log line for each event, in the logger `asgi_jwks.keys`."""

import logging
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.events.event import Event
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetExpired,
    KeySetRefreshed,
    KeyTrustedAgain,
    RefreshFailed,
    ServingStale,
    SnapshotRestored,
    UnknownKey,
)
from asgi_jwks.jose.jwk import SkipReason

__all__ = ["log_event"]

_log: Final = logging.getLogger("asgi_jwks.keys")


def log_event(event: Event) -> None:
    """The default listener: one log line for each event, in the logger `asgi_jwks.keys`."""
    match event:
        case KeySetRefreshed():
            _log_refreshed(event)
        case RefreshFailed(key_set, error, failures, retry_in):
            # The first failure is news; the ones that the backoff spaces out repeat it.
            level = logging.WARNING if failures == 1 else logging.INFO
            text = "%s: fetching the keys failed (attempt %d, next in %.0f s): %s"
            # The key set is called by its issuer, or by the URL with which the error begins.
            why = str(error).removeprefix(f"{key_set}: ")
            _log.log(level, text, key_set, failures, retry_in, why)
        case ServingStale(key_set):
            _log.warning("%s: the keys are past max_age; serving the last good set", key_set)
        case KeySetExpired(key_set):
            _log.error("%s: the keys are past max_age + max_stale; answering 503", key_set)
        case UnknownKey(key_set, kid):
            _log.info("%s: no usable key with kid '%s' after a refetch", key_set, kid)
        case KeyDistrusted(key_set, kid, thumbprint, is_kept):
            forgotten = "" if is_kept else "; a restart forgets it, since no snapshot keeps it"
            name = _name(kid, thumbprint)
            _log.warning("%s: the key with %s is distrusted%s", key_set, name, forgotten)
        case KeyTrustedAgain(key_set, kid, thumbprint):
            _log.warning("%s: the key with %s is trusted again", key_set, _name(kid, thumbprint))
        case SnapshotRestored(key_set, age):
            _log.info("%s: began with the keys of a snapshot, fetched %.0f s ago", key_set, age)
        case BudgetExhausted(key_set):
            _log.warning("%s: unknown key ids have used up the refetch budget", key_set)


def _name(kid: str | None, thumbprint: str | None) -> str:
    return f"thumbprint {thumbprint}" if kid is None else f"kid '{printable(kid)}'"


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
