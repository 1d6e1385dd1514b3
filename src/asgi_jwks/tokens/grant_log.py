"""The operator's log of grants that cannot be read, in tokens that were accepted.

A grant that cannot be read grants nothing (requirement G9), so that users are refused for no reason
that a token shows. It is told when grants are asked for, and not for each new token: one line per
cause and interval, a cause being an issuer and a claim. Of the token it tells nothing but the kind
of JSON value that the claim is.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks._printable import printable
from asgi_jwks.events.hint import Hint
from asgi_jwks.events.repeated_lines import INTERVAL
from asgi_jwks.events.requests import OTHER_ISSUER
from asgi_jwks.tokens.grant_claims import GrantClaim

__all__ = ["GrantLog", "tell_unreadable"]

_log: Final = logging.getLogger("asgi_jwks.tokens")

# Requirement W6: two claims of each of a hundred issuers; what is beyond has one line per claim,
# and at last none.
MOST_CAUSES: Final = 256

# By the type that a JSON value has in Python.
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (dict, "an object"),
    (list, "an array of other values"),
    (str, "text"),
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
)


class GrantLog:
    """Tells of grants that cannot be read, in the logger `asgi_jwks.tokens`; see the module.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._lock: Final = ForkSafeLock()
        # By cause: the time of its last line, and how often it was met since then.
        self._told: Final[dict[tuple[str, str], tuple[float, int]]] = {}

    def __call__(self, claim: GrantClaim, claims: Mapping[str, Any]) -> None:
        """Write a line of a claim that cannot be read, if one is due.

        Args:
            claim: where it is, and in which form it was expected.
            claims: those of the token.
        """
        issuer, count = self._due(str(claims.get("iss")), str(claim))
        if not count:
            return
        _log.warning(
            "accepted, issuer %s: the claim %s is %s, and %s was expected, so that it grants "
            "nothing: say with grant_claims=GrantClaims(...) how your provider writes it, or use "
            "its preset (asked for: %d)",
            printable(issuer),
            printable(str(claim)),
            _kind_of(claim.value_in(claims)),
            _EXPECTED[claim.form],
            count,
            extra={
                "issuer": issuer,
                "hint": str(Hint.UNREADABLE_GRANT),
                "claim": str(claim),
                "count": count,
            },
        )

    def _due(self, issuer: str, claim: str) -> tuple[str, int]:
        """The issuer to name, and how often the cause was met.

        That is 0 where no line is due.
        """
        now = self._clock()
        cause = issuer, claim
        with self._lock:
            if cause not in self._told and len(self._told) >= MOST_CAUSES:
                cause = OTHER_ISSUER, claim
                if cause not in self._told and len(self._told) >= 2 * MOST_CAUSES:
                    return OTHER_ISSUER, 0
            at, count = self._told.get(cause, (now - INTERVAL, 0))
            is_due = now - at >= INTERVAL
            self._told[cause] = (now, 0) if is_due else (at, count + 1)
        return cause[0], count + 1 if is_due else 0


_EXPECTED: Final = {
    "strings": "an array of strings",
    "separated by spaces": "text or an array of strings",
    "member names": "an object",
    "objects with a name": "an array of objects with a name",
}


def _kind_of(value: object) -> str:
    # The claim that leads to a nested one may be of another form than expected.
    return next((text for kind, text in _KINDS if isinstance(value, kind)), "out of reach")


tell_unreadable: Final = GrantLog()
"""That of the process: a second verifier does not repeat its lines."""
