"""Hints for the operator: why a token that looks right is refused.

The near misses of `iss` and `aud` are told in the log once for each configured value, so that no
stranger can flood it. How the values are compared is not known here; that is exact everywhere else.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["NearMisses", "by_likeness"]

_log: Final = logging.getLogger("asgi_jwks.tokens")

# Whole, or a difference at its end would not show; no issuer identifier is longer.
LONGEST_SHOWN: Final = 1024

Likenesses = Mapping[str, tuple[str, ...]]


def by_likeness(configured: Iterable[str]) -> Likenesses:
    """The configured values, each under its form without scheme, case and last slash."""
    likenesses: dict[str, tuple[str, ...]] = {}
    for value in configured:
        likeness = _likeness(value)
        likenesses[likeness] = (*likenesses.get(likeness, ()), value)
    return likenesses


class NearMisses:
    """Notices a `claim` that differs from a configured value only in what people overlook."""

    def __init__(self, claim: str) -> None:
        self._claim: Final = claim
        self._told: Final[set[str]] = set()

    def look(self, value: object, configured: Likenesses) -> None:
        """Log once for each configured value that `value`, or a member of it, nearly equals.

        The cost does not grow with the number of configured values (requirement W5).
        """
        found = {v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)}
        for near in found:
            for expected in configured.get(_likeness(near), ()):
                if expected not in found and expected not in self._told:
                    self._told.add(expected)
                    _log.warning(
                        "refused a token whose %s is '%s'; configured is '%s'. They must be equal "
                        "to the last character: look at the slash at the end, the scheme and the "
                        "case.",
                        self._claim,
                        _escaped(near),
                        _escaped(expected),
                    )


def _likeness(value: str) -> str:
    _, _, rest = value.strip().casefold().rpartition("://")
    return rest.rstrip("/")


def _escaped(value: str) -> str:
    return ascii(value[:LONGEST_SHOWN])[1:-1]
