"""The operator's log of refusals: one line per cause and interval.

A cause is an issuer, a Reason and a hint. The first refusal of each is told at once, later ones by
a count with the next line of their cause, which is at least one interval after the one before.

Lines and memory are bounded, whatever strangers send: Reasons and hints are closed sets, and the
issuers are those that are configured. Beyond a number of causes, those that are new are counted
under "_other".
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.events.requests import (
    OTHER_ISSUER,
    Hint,
    RequestEvent,
    RequestRefused,
    Unavailable,
)

__all__ = ["INTERVAL", "RefusalLog"]

_log: Final = logging.getLogger("asgi_jwks.requests")

# The deciding sentence on the log: at most one line per cause in this many seconds.
INTERVAL: Final = 300.0

# Requirement W6. Some ten causes for each of a hundred issuers; a server with more tenants than
# that has the rest of them in one line per Reason and hint.
MOST_CAUSES: Final = 1024

# A browser whose token has run out, and a request before its login, are not mistakes of anybody.
_ORDINARY: Final = frozenset({Hint.NO_TOKEN, Hint.EXPIRED})

_Cause = tuple[str, str, str]


class RefusalLog:
    """A listener that writes into the logger `asgi_jwks.requests`; any thread may call it.

    Missing and expired tokens are ordinary and told at INFO, everything else at WARNING. A record
    has `status`, `reason`, `issuer`, `hint` and `count` as attributes, which are JSON values.

    Args:
        interval: seconds between two lines of one cause.
        clock: monotonic seconds.
    """

    def __init__(
        self, *, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval: Final = interval
        self._clock: Final = clock
        self._lock: Final = ForkSafeLock()
        # When each cause was told last, and how many refusals there were since.
        self._told: Final[dict[_Cause, tuple[float, int]]] = {}

    def __call__(self, event: RequestEvent) -> None:
        """Write a line, if one of its cause is due."""
        match event:
            case RequestRefused(reason=reason, status=status):
                self._tell(event, status, reason.value)
            case Unavailable(status=status):
                self._tell(event, status, "unavailable")

    def _tell(self, event: RequestEvent, status: int, reason: str) -> None:
        hint = event.advice.hint
        level = logging.INFO if hint in _ORDINARY else logging.WARNING
        if not _log.isEnabledFor(level):
            return
        due = self._due((event.issuer, reason, hint))
        if due is None:
            return
        issuer, count, seconds = due
        repeated = f" ({count} requests in {seconds:.0f} s)" if seconds else ""
        _log.log(
            level,
            "refused with %d %s, issuer %s: %s%s",
            status,
            reason,
            issuer,
            event.advice.sentence,
            repeated,
            extra={
                "status": status,
                "reason": reason,
                "issuer": issuer,
                "hint": str(hint),
                "count": count,
            },
        )

    def _due(self, cause: _Cause) -> tuple[str, int, float] | None:
        """The issuer of the line that is due, its count, and its seconds.

        The seconds are 0 for the first refusal of its cause. None where no line is due.
        """
        now = self._clock()
        with self._lock:
            if cause not in self._told and len(self._told) >= MOST_CAUSES:
                cause = (OTHER_ISSUER, *cause[1:])
            told = self._told.get(cause)
            if told is None:
                self._told[cause] = now, 0
                return cause[0], 1, 0.0
            since, untold = told
            if now - since < self._interval:
                self._told[cause] = since, untold + 1
                return None
            self._told[cause] = now, 0
            return cause[0], untold + 1, now - since
