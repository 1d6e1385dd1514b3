"""Times as a person reads them: the date, and the distance from now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

__all__ = ["Moment", "date", "distance", "duration", "moments"]

_TIMES: Final = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that a claim names.

    Attributes:
        claim: the name of the claim.
        seconds: its value, in seconds since the epoch.
        date: the date, in UTC; None where the number is not one.
        distance: how far it is from now, such as "in 2 hours".
    """

    claim: str
    seconds: float
    date: str | None
    distance: str

    def __str__(self) -> str:
        if self.date is None:
            return f"{self.seconds} is not a date"
        return f"{self.date}, {self.distance}"


def moments(
    claims: Mapping[str, object], now: float, *, names: Iterable[str] = _TIMES
) -> tuple[Moment, ...]:
    """The times that claims name by numbers; iat, nbf and exp unless others are named."""
    found = []
    for name in names:
        seconds = claims.get(name)
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            found.append(Moment(name, seconds, date(seconds), distance(seconds - now)))
    return tuple(found)


def date(seconds: float) -> str | None:
    """The date, in UTC, of seconds since the epoch; None if there is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def distance(ahead: float) -> str:
    """Seconds ahead of now in words: "in 2 hours"; those behind, "2 hours ago"."""
    return f"in {duration(ahead)}" if ahead > 0 else f"{duration(-ahead)} ago"


def duration(seconds: float) -> str:
    """Seconds in words, rounded to a unit of which there are two or more."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"
