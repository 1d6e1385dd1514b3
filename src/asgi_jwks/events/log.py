"""The default listener: one log line for each event, in the logger `asgi_jwks.keys`."""

import logging
from collections import Counter
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
from asgi_jwks.jose.skip_reason import SkipReason

__all__ = ["MOST_NAMED", "MOST_TOLD", "log_event"]

_log: Final = logging.getLogger("asgi_jwks.keys")

# Requirement W6: a document of 512 KiB can hold 8,192 keys of which none is used. Real sets have
# up to ten keys, and a few that are not for signatures.
MOST_NAMED: Final = 32
MOST_TOLD: Final = 8


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
    added, removed = _named(event.added), _named(event.removed)
    _log.info("%s: keys refreshed; added: [%s], removed: [%s]", event.key_set, added, removed)
    told = Counter[SkipReason]()
    for skipped in event.skipped:
        told[skipped.reason] += 1
        if told[skipped.reason] <= MOST_TOLD:
            kid = "none" if skipped.kid is None else f"'{printable(skipped.kid)}'"
            _log.log(
                _level(skipped.reason),
                "%s: key %d (kid %s) is not used: %s",
                event.key_set,
                skipped.index,
                kid,
                _why(skipped.reason),
            )
    for reason, count in told.items():
        if count > MOST_TOLD:
            text = "%s: %d more keys are not used: %s"
            _log.log(_level(reason), text, event.key_set, count - MOST_TOLD, _why(reason))


def _named(kids: tuple[str, ...]) -> str:
    names = [printable(kid) for kid in kids[:MOST_NAMED]]
    if len(kids) > MOST_NAMED:
        names.append(f"and {len(kids) - MOST_NAMED} more")
    return ", ".join(names)


def _level(reason: SkipReason) -> int:
    return logging.ERROR if reason is SkipReason.PRIVATE_KEY else logging.INFO


def _why(reason: SkipReason) -> str:
    if reason is SkipReason.PRIVATE_KEY:
        return "it is published with its private part"
    return str(reason)
