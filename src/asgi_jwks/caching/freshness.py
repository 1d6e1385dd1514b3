"""How long fetched keys are trusted, and when the next fetch is due or allowed.

What lives only here: the three clocks (refresh-ahead, `max_age`, `max_stale`), the refetch budget
and the backoff, as pure functions of `now`. What it does not know: the network, event loops, what
was fetched, and what time it is: `now` is always an argument, in seconds of one monotonic clock.

    fetched        due             stale                        expired
       |------------|----------------|------------------------------|
       served       served, one      a request waits for the        nothing is served: 503
       at once      refresh behind   refresh, briefly; then served  until a fetch succeeds
"""

import math
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from asgi_jwks.errors import ConfigurationError

__all__ = ["Freshness", "Phase", "TrustPeriod"]

# Providers advise from `no-store` (Vault) and 15 s (Auth0) to 44 days (Okta), so Cache-Control is
# advice between this floor and `max_age`.
SHORTEST_MAX_AGE: Final = 60.0

# Spread, so that workers started together do not refresh together.
REFRESH_AHEAD: Final = (0.75, 0.85)

BUDGET_BURST: Final = 2
BUDGET_INTERVAL: Final = 30.0
# A refresh scheduled for the moment of the refill must find the budget refilled.
ROUNDING: Final = 1e-6

BACKOFF_FIRST: Final = 1.0
BACKOFF_LONGEST: Final = 60.0
BACKOFF_JITTER: Final = 0.25

# An endpoint may ask for more patience than the backoff has, but not for hours of it.
LONGEST_RETRY_AFTER: Final = 300.0


class Phase(StrEnum):
    """What may be done with the value at hand."""

    EMPTY = "empty"
    FRESH = "fresh"
    DUE = "due"
    STALE = "stale"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPeriod:
    """The durations, in seconds, that decide how long a fetched key set is trusted.

    `max_age + max_stale` is the upper bound on trust in a key that its issuer has removed; while
    the endpoint answers, it is `max_age`.

    Args:
        max_age: a set is fresh this long; `Cache-Control: max-age` may shorten it, not below 60 s.
        max_stale: how much longer the last good set serves while the endpoint fails.
        max_wait: the longest that a request whose key is at hand waits for a refresh.
        timeout: the deadline of one whole fetch, from connect to the last byte.

    Raises:
        ConfigurationError: a duration is negative, infinite or not a number.
    """

    max_age: float = 600.0
    max_stale: float = 3600.0
    max_wait: float = 1.0
    timeout: float = 5.0

    def __post_init__(self) -> None:
        for name in ("max_age", "max_stale", "max_wait", "timeout"):
            positive = name in {"max_age", "timeout"}
            require_duration(name, getattr(self, name), positive=positive)

    def lifetime(self, advised: float | None) -> float:
        """Seconds of freshness, given what `Cache-Control` advised (RFC 9111, section 5.2.2.1)."""
        if advised is None:
            return self.max_age
        return min(self.max_age, max(advised, SHORTEST_MAX_AGE))


def require_duration(name: str, value: float, *, positive: bool = False) -> None:
    """Raise ConfigurationError unless `value` is a usable number of seconds."""
    number = type(value) in {int, float}
    # An int may be too large for isfinite; these comparisons hold for NaN as well, being false.
    if not number or not 0 <= value <= sys.float_info.max or (positive and value == 0):
        least = "greater than zero" if positive else "zero or more"
        raise ConfigurationError(
            f"{name} must be a finite number of seconds, {least}; got {value!r}. "
            f"Write for example {name}=60."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The state of one fetched value; every change makes a new state.

    Times are seconds of the caller's monotonic clock. `tokens` is the refetch budget as of
    `tokens_at`. `wanted_at` is when a refresh that the empty budget refused is to be made up for.
    `began_at` is when a refresh began that may still be running.
    """

    due_at: float = -math.inf
    stale_at: float = -math.inf
    expires_at: float = -math.inf
    fetched_at: float | None = None
    began_at: float = -math.inf
    failures: int = 0
    not_before: float = -math.inf
    wanted_at: float = math.inf
    tokens: float = BUDGET_BURST
    tokens_at: float = -math.inf

    def phase(self, now: float) -> Phase:
        """Which phase of its life the value is in."""
        if self.fetched_at is None:
            return Phase.EMPTY
        if now >= self.expires_at:
            return Phase.EXPIRED
        if now >= self.stale_at:
            return Phase.STALE
        return Phase.DUE if now >= self.refresh_at() else Phase.FRESH

    def refresh_at(self) -> float:
        """When the next refresh is owed, whatever the reason for it.

        A failed refresh is owed again when the backoff ends, however fresh the value at hand.
        """
        return self.not_before if self.failures else min(self.due_at, self.wanted_at)

    def quiet_until(self) -> float:
        """Until when the value may be served without another look at this state."""
        if self.fetched_at is None:
            return -math.inf
        return min(self.refresh_at(), self.stale_at, self.expires_at)

    def may_fetch(self, now: float) -> bool:
        """Whether the backoff allows a fetch."""
        return now >= self.not_before

    def may_begin(self, period: TrustPeriod, now: float) -> bool:
        """Whether a refresh that nobody waits for may begin.

        Not while another one may still be running. Its end cannot be relied on: where every request
        has an event loop of its own, each loop takes the refresh that it began with it.
        """
        return self.may_fetch(now) and now >= self.began_at + period.timeout

    def is_failing(self, now: float) -> bool:
        """Whether refreshes failed lately: then nobody waits for one whose value is at hand."""
        return self.failures > 0 and now < self.not_before + BACKOFF_LONGEST

    def owes_budget(self, now: float) -> bool:
        """Whether only the refilled budget, and no clock, is why a refresh is owed."""
        return not self.failures and self.wanted_at <= now < self.due_at

    def retry_after(self, now: float) -> float:
        """Seconds until the backoff allows the next fetch; at least one, for Retry-After."""
        return max(1.0, self.not_before - now)

    def begun(self, period: TrustPeriod, now: float) -> "Freshness":
        """A refresh began. Where several run side by side, in several loops, the first counts."""
        return self if now < self.began_at + period.timeout else replace(self, began_at=now)

    def succeeded(
        self, period: TrustPeriod, *, started: float, advised: float | None, spread: float
    ) -> "Freshness":
        """A fetch that started at `started` succeeded. Trust is counted from its start.

        Args:
            advised: seconds of freshness that `Cache-Control` advised, if any.
            spread: a random number from 0 to 1 that places the next refresh.
        """
        lifetime = period.lifetime(advised)
        earliest, latest = REFRESH_AHEAD
        return replace(
            self,
            fetched_at=started,
            due_at=started + lifetime * (earliest + (latest - earliest) * spread),
            stale_at=started + lifetime,
            expires_at=started + lifetime + period.max_stale,
            began_at=-math.inf,
            failures=0,
            not_before=-math.inf,
            wanted_at=math.inf,
        )

    def failed(
        self, now: float, *, spread: float, retry_after: float | None, spent: bool
    ) -> "Freshness":
        """A fetch failed: nothing fetches before the backoff has passed.

        Args:
            spread: a random number from 0 to 1 that lengthens the backoff.
            retry_after: seconds that the endpoint asked for (RFC 9110, section 10.2.3), if any.
            spent: the fetch was paid for from the budget, which gets that back.
        """
        # 2**6 s is past the longest backoff already; an exponent without bound would overflow.
        doubled = BACKOFF_FIRST * 2 ** min(self.failures, 6)
        delay = min(BACKOFF_LONGEST, doubled * (1 + BACKOFF_JITTER * spread))
        if retry_after is not None:
            delay = max(delay, min(retry_after, LONGEST_RETRY_AFTER))
        tokens = min(BUDGET_BURST, self.tokens + 1) if spent else self.tokens
        return replace(
            self,
            began_at=-math.inf,
            failures=self.failures + 1,
            not_before=now + delay,
            tokens=tokens,
        )

    def budget(self, now: float) -> float:
        """How many refetches the budget holds at `now`."""
        refilled = (now - self.tokens_at) / BUDGET_INTERVAL
        return min(BUDGET_BURST, self.tokens + max(0.0, refilled))

    def refetch_at(self) -> float:
        """From when on backoff and budget allow a refetch."""
        short = 1 - ROUNDING - self.tokens
        refilled = -math.inf if short <= 0 else self.tokens_at + short * BUDGET_INTERVAL
        return max(self.not_before, refilled)

    def spend(self, now: float) -> "Freshness | None":
        """The state after one refetch is paid for, or None if the budget is empty."""
        held = self.budget(now)
        if held < 1 - ROUNDING:
            return None
        return replace(self, tokens=max(0.0, held - 1), tokens_at=now, wanted_at=math.inf)

    def want(self, now: float) -> "Freshness":
        """A refetch was refused for want of budget: owe one refresh for when it refills."""
        refilled = now + (1 - self.budget(now)) * BUDGET_INTERVAL
        return replace(self, wanted_at=min(self.wanted_at, max(refilled, now)))
