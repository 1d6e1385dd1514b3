"""The steps of the wall clock, after which used proofs would pass again.

Proofs are judged by the wall clock, and remembered by the monotonic one, which knows no steps. Here
the times are kept at which proofs were used, as far as the two clocks then differed by another
number than now. It does not know what a proof is.
"""

from typing import Final

from asgi_jwks._fork import ForkSafeLock

__all__ = ["ClockSteps"]

# More than a clock has that is not broken: the oldest two are then kept as one.
_MOST_ERAS: Final = 8


class _Era:
    """A time without a step.

    `ahead` is by how much the wall clock was ahead at most; by it, the first proof was used at
    `begin`, and the last of all would pass until `end`.
    """

    __slots__ = ("ahead", "begin", "end")

    def __init__(self, ahead: float, begin: float, end: float) -> None:
        self.ahead, self.begin, self.end = ahead, begin, end


class ClockSteps:
    """The times at which proofs were used, by the step of the wall clock.

    It knows which ones may have been used at a time that the wall clock has again.

    Args:
        margin: for how many seconds used proofs are remembered after they would pass no more; a
            step of the wall clock by less changes nothing.
    """

    def __init__(self, margin: float) -> None:
        self._margin: Final = margin
        self._lock: Final = ForkSafeLock()
        self._era: _Era | None = None
        self._past: tuple[_Era, ...] = ()

    def are_remembered(self, until: float, *, now: float, monotonic: float, longest: float) -> bool:
        """Whether all used proofs are remembered that would pass until some time.

        It is asked at each use: the time of asking is one at which a proof was used.

        Args:
            until: seconds since the epoch.
            now: the same by the wall clock.
            monotonic: seconds by the monotonic clock.
            longest: for how many seconds a proof would pass at most.
        """
        ahead = now - monotonic
        era = self._era
        if era is None or not -self._margin < ahead - era.ahead < self._margin:
            era = self._begin_era(now, ahead)
        # Hot path (benchmark `proofs`): no lock, since neither value has to be the very last one.
        era.end = max(era.end, now + longest)
        era.ahead = max(era.ahead, ahead)
        for past in self._past:
            if (
                past.begin - self._margin <= until <= past.end + self._margin
                and until + self._margin <= monotonic + past.ahead
            ):
                return False
        return True

    def _begin_era(self, now: float, ahead: float) -> _Era:
        with self._lock:
            if self._era is not None:
                past = (*self._past, self._era)
                self._past = past if len(past) <= _MOST_ERAS else (_both(*past[:2]), *past[2:])
            self._era = _Era(ahead, now, now)
            return self._era


def _both(one: _Era, other: _Era) -> _Era:
    """An era in which whatever was used in either may have been used."""
    return _Era(max(one.ahead, other.ahead), min(one.begin, other.begin), max(one.end, other.end))
