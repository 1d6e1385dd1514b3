"""The operator's log of refusals: one line per cause and interval.

A cause is an issuer, a Reason and a hint. The first refusal of each is told at once, later ones by
a count with the next line of their cause, which is at least one interval after the one before.

The hint is what costs: it is worked out from the claims and keys of a refusal. So refusals are
counted first, by issuer and Reason, and some of them are looked at: as many as a person could
cause, and in a flood one in each second, which then stands for those since the last look. The count
of a line that rests on such a look is called "about".

Lines and memory are bounded, whatever strangers send: Reasons and hints are closed sets, and the
issuers are those that are configured. Beyond a number of causes, those that are new are counted
under "_other".
"""

import logging
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.errors import Reason
from asgi_jwks.events.event import Event
from asgi_jwks.events.repeated_lines import INTERVAL
from asgi_jwks.events.requests import OTHER_ISSUER, RefusalEvent, WouldBeRefused

__all__ = ["RefusalLog"]

_log: Final = logging.getLogger("asgi_jwks.requests")

# Requirement W6. Some ten causes for each of a hundred issuers; a server with more tenants than
# that has the rest of them in one line per Reason and hint.
MOST_CAUSES: Final = 1024

# Requirement W1: this many refusals of one issuer and Reason are looked at, and one more for each
# second. A person who tries things out stays below, and so does a service of a few requests.
LOOKS: Final = 32
SECONDS_PER_LOOK: Final = 1.0

_REFUSED: Final = "refused"
_REPORTED: Final = "accepted, and report_only would refuse"
_ENDED: Final = "ended "

# A browser whose token has run out, and a request before its login, are not mistakes of anybody.
_ORDINARY: Final = frozenset[str]({Reason.MISSING_TOKEN, Reason.EXPIRED, Reason.PROOF_NONCE})

_Cause = tuple[str, str, str]


class _Group:
    """The refusals of one issuer and Reason: looks left, and refusals since the last."""

    __slots__ = ("looked_at", "looks", "unseen")

    def __init__(self, now: float) -> None:
        self.looked_at = now
        self.looks: float = LOOKS
        self.unseen = 0


class _Told:
    """A cause: the time of its last line, and the refusals since."""

    __slots__ = ("at", "count", "is_estimate")

    def __init__(self) -> None:
        self.at: float | None = None
        self.count = 0
        self.is_estimate = False


class RefusalLog:
    """A listener that writes into the logger `asgi_jwks.requests`; any thread may call it.

    Missing and expired tokens and nonces are ordinary and told at INFO, everything else at WARNING;
    so are the ends of open connections, at INFO.
    A record has `status`, `reason`, `issuer`, `hint`, `count`, `is_estimate` and `is_report_only`
    as attributes, which are JSON values.

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
        self._groups: Final[dict[_Cause, _Group]] = {}
        self._told: Final[dict[_Cause, _Told]] = {}

    def __call__(self, event: Event) -> None:
        """Write a line of a refusal, if one of its cause is due."""
        if isinstance(event, RefusalEvent):
            stands_for = self.count(event.issuer, event.cause, _text(event))
            if stands_for:
                self.tell(event, stands_for)

    def count(self, issuer: str, cause: str, text: str = _REFUSED) -> int:
        """Count a refusal.

        Returns for how many it stands if it is to be looked at, else 0.

        It is for whoever makes the event only if somebody hears it.

        Args:
            issuer: the label of its issuer.
            cause: its Reason, or "unavailable".
            text: the beginning of its line.
        """
        if not _log.isEnabledFor(_level(cause, text)):
            return 0
        now = self._clock()
        key = issuer, cause, text
        with self._lock:
            group = self._groups.get(key)
            if group is None:
                if len(self._groups) >= MOST_CAUSES:
                    key = OTHER_ISSUER, cause, text
                group = self._groups.setdefault(key, _Group(now))
            group.unseen += 1
            passed = now - group.looked_at
            if group.looks < 1.0 and passed < SECONDS_PER_LOOK:
                return 0
            group.looks = min(LOOKS, group.looks + passed / SECONDS_PER_LOOK) - 1.0
            group.looked_at = now
            stands_for, group.unseen = group.unseen, 0
        return stands_for

    def tell(self, event: RefusalEvent, stands_for: int = 1) -> None:
        """Write a line, if one of the event's cause is due.

        Args:
            event: the refusal.
            stands_for: the answer of `count`.
        """
        cause, text, advice = event.cause, _text(event), event.advice
        line = self._due((event.issuer, cause, text + advice.hint), stands_for)
        if line is None:
            return
        about = "about " if line.is_estimate else ""
        repeated = f" ({about}{line.requests} requests in {line.seconds:.0f} s)" * bool(
            line.seconds
        )
        status: int = getattr(event, "status", 0)
        _log.log(
            _level(cause, text),
            "%s with %d %s%s: %s%s",
            text,
            status,
            cause,
            _of_issuer(line.issuer),
            advice.sentence,
            repeated,
            extra={
                "status": status,
                "reason": cause,
                "issuer": line.issuer,
                "hint": str(advice.hint),
                "count": line.requests,
                "is_estimate": line.is_estimate,
                "is_report_only": text is _REPORTED,
            },
        )

    def tell_of_end(self, issuer: str, cause: str, connection: str) -> None:
        """Write a line of a connection that ended with its token, if due.

        There is one per cause and interval, as of refusals.

        Args:
            issuer: the label of its issuer.
            cause: as ConnectionEnded has it.
            connection: "http" or "websocket".
        """
        if not _log.isEnabledFor(logging.INFO):
            return
        line = self._due((issuer, cause, _ENDED + connection), 1)
        if line is None:
            return
        repeated = f" ({line.requests} connections in {line.seconds:.0f} s)" * bool(line.seconds)
        _log.info(
            "ended an open %s connection with its token: %s%s%s",
            connection,
            cause,
            _of_issuer(line.issuer),
            repeated,
            extra={"reason": cause, "issuer": line.issuer, "count": line.requests},
        )

    def _due(self, cause: _Cause, stands_for: int) -> "_Line | None":
        """The line that is due; None where no line is."""
        now = self._clock()
        with self._lock:
            if cause not in self._told and len(self._told) >= MOST_CAUSES:
                cause = (OTHER_ISSUER, *cause[1:])
            told = self._told.setdefault(cause, _Told())
            told.count += stands_for
            told.is_estimate |= stands_for > 1
            since = told.at
            if since is not None and now - since < self._interval:
                return None
            seconds = 0.0 if since is None else now - since
            line = _Line(cause[0], told.count, seconds, told.is_estimate)
            told.at, told.count, told.is_estimate = now, 0, False
        return line


class _Line(NamedTuple):
    """A line that is due; `seconds` are 0 for the first refusal of its cause."""

    issuer: str
    requests: int
    seconds: float
    is_estimate: bool


def _of_issuer(label: str) -> str:
    # The label is for machines; a reader is not told that nobody is known.
    return "" if label == OTHER_ISSUER else f", issuer {label}"


def _text(event: RefusalEvent) -> str:
    return _REPORTED if isinstance(event, WouldBeRefused) else _REFUSED


def _level(cause: str, text: str) -> int:
    return logging.INFO if cause in _ORDINARY and text is _REFUSED else logging.WARNING
