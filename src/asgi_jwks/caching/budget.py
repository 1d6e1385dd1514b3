"""How often a source may be asked: a refetch budget and a backoff, as values.

Every time is an argument, in seconds of one monotonic clock; every change makes a new value.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from asgi_jwks._options import require_duration
from asgi_jwks.errors import ConfigurationError

__all__ = ["LARGEST_BURST", "LONGEST_INTERVAL", "SHORTEST_INTERVAL", "Backoff", "Budget"]

# Requirement F20: a floor, so that a budget stays one, and a ceiling, so that a key that was
# published after it was first sought verifies within minutes.
LARGEST_BURST: Final = 100
SHORTEST_INTERVAL: Final = 1.0
LONGEST_INTERVAL: Final = 600.0

# A refresh scheduled for the moment of the refill must find the budget refilled.
ROUNDING: Final = 1e-6

BACKOFF_FIRST: Final = 1.0
BACKOFF_LONGEST: Final = 60.0
BACKOFF_JITTER: Final = 0.25

# An endpoint may ask for a longer pause than the backoff has, but not for hours of it.
LONGEST_RETRY_AFTER: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A token bucket that pays for fetches which strangers cause.

    Args:
        burst: how many fetches it pays for at once (2, at most 100).
        interval: seconds after which it pays for one more (30, from 1 to 600).

    `spent` is how much of the burst was used up as of `as_of`.

    Raises:
        ConfigurationError: a number is out of its range.
    """

    burst: int = 2
    interval: float = 30.0
    spent: float = 0.0
    as_of: float = -math.inf

    def __post_init__(self) -> None:
        if type(self.burst) is not int or not 1 <= self.burst <= LARGEST_BURST:
            raise ConfigurationError(
                f"refetch_burst must be a whole number from 1 to {LARGEST_BURST}; got "
                f"{self.burst!r}. Write refetch_burst=2."
            )
        interval = require_duration("refetch_interval", self.interval)
        if not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
            raise ConfigurationError(
                f"refetch_interval must be a number of seconds from {SHORTEST_INTERVAL:g} to "
                f"{LONGEST_INTERVAL:g}; got {self.interval!r}. Write refetch_interval=30."
            )

    def held(self, now: float) -> float:
        """How many fetches it pays for at `now`."""
        return self.burst - self._spent_at(now)

    def available_at(self) -> float:
        """From when on it pays for one more fetch."""
        short = self.spent + 1 - ROUNDING - self.burst
        return -math.inf if short <= 0 else self.as_of + short * self.interval

    def after_spending(self, now: float) -> "Budget | None":
        """The budget after one fetch is paid for, or None if it is empty."""
        spent = self._spent_at(now)
        if self.burst - spent < 1 - ROUNDING:
            return None
        return replace(self, spent=min(float(self.burst), spent + 1), as_of=now)

    def refunded(self) -> "Budget":
        """The budget with one fetch given back, since that one failed."""
        return replace(self, spent=max(0.0, self.spent - 1))

    def _spent_at(self, now: float) -> float:
        return max(0.0, self.spent - max(0.0, now - self.as_of) / self.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The pause after failed fetches: 1 s, doubling to 60 s, with jitter.

    `failures` are those in a row; nothing is fetched before `ends_at`.
    """

    failures: int = 0
    ends_at: float = -math.inf

    def allows(self, now: float) -> bool:
        """Whether a fetch may begin at `now`."""
        return now >= self.ends_at

    def is_recent(self, now: float) -> bool:
        """Whether fetches failed lately: in the pause, or at most 60 s after it."""
        return self.failures > 0 and now < self.ends_at + BACKOFF_LONGEST

    def retry_after(self, now: float) -> float:
        """Seconds until a fetch may begin; at least one, for Retry-After."""
        return max(1.0, self.ends_at - now)

    def after_failure(self, now: float, *, spread: float, retry_after: float | None) -> "Backoff":
        """The backoff after one more failure.

        Args:
            now: when the fetch failed.
            spread: a random number from 0 to 1 that lengthens the pause.
            retry_after: seconds that the endpoint asked for (RFC 9110, section 10.2.3), if any;
                at most 300 count.
        """
        # 2**6 s is past the longest backoff already; an exponent without bound would overflow.
        doubled = BACKOFF_FIRST * 2 ** min(self.failures, 6)
        delay = min(BACKOFF_LONGEST, doubled * (1 + BACKOFF_JITTER * spread))
        if retry_after is not None:
            delay = max(delay, min(retry_after, LONGEST_RETRY_AFTER))
        return Backoff(failures=self.failures + 1, ends_at=now + delay)
