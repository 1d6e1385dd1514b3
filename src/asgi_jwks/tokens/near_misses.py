"""Hints for the operator: why a token that looks right is refused.

What lives only here: the near misses of `iss` and `aud`, told in the log once for each configured
value, so that no stranger can flood it. What it does not know: how the values were compared; that
is exact everywhere else.
"""

import logging
from collections.abc import Iterable
from typing import Final

from asgi_jwks._printable import printable

__all__ = ["NearMisses"]

_log: Final = logging.getLogger("asgi_jwks.tokens")


class NearMisses:
    """Notices when `claim` differs from a configured value only in what people overlook."""

    def __init__(self, claim: str) -> None:
        self._claim: Final = claim
        self._told: Final[set[str]] = set()

    def look(self, value: object, configured: Iterable[str]) -> None:
        """Log once for each configured value that `value`, or a member of it, nearly equals."""
        values = value if isinstance(value, list) else [value]
        likenesses = {_likeness(v): v for v in values if isinstance(v, str)}
        for expected in configured:
            found = likenesses.get(_likeness(expected))
            if found is not None and found != expected and expected not in self._told:
                self._told.add(expected)
                _log.warning(
                    "refused a token whose %s is '%s'; configured is '%s'. They must be equal to "
                    "the last character: look at the slash at the end, the scheme and the case.",
                    self._claim,
                    printable(found),
                    printable(expected),
                )


def _likeness(value: str) -> str:
    _, _, rest = value.strip().casefold().rpartition("://")
    return rest.rstrip("/")
