"""How long a value is trusted, and when its next refresh is due.

All functions are pure; `now` is an argument.

Three clocks decide: refresh-ahead, `max_age` and `max_stale`. Every time is an argument, in seconds
of one monotonic clock.

    fetched        due             stale                        expired
       |------------|----------------|------------------------------|
       served       served, one      a request waits for the        nothing is served: 503
       at once      refresh behind   refresh, briefly; then served  until a fetch succeeds
"""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from asgi_jwks._options import require_duration
from asgi_jwks.caching.budget import Backoff, Budget

__all__ = ["Freshness", "Phase", "TrustPeriod"]

# Providers advise from `no-store` (Vault) and 15 s (Auth0) to 44 days (Okta), so Cache-Control is
# advice between this floor and `max_age`.
SHORTEST_MAX_AGE: Final = 60.0

# Spread, so that workers started together do not refresh together.
REFRESH_AHEAD: Final = (0.75, 0.85)


class Phase(StrEnum):
    """The phase of a value's life, which decides how it may be used."""

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
        """Seconds of freshness, given the advice of `Cache-Control` (RFC 9111, section 5.2.2.1)."""
        if advised is None:
            return self.max_age
        return min(self.max_age, max(advised, SHORTEST_MAX_AGE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The state of one cached value; every change makes a new state.

    Attributes:
        fetched_at: when the fetch of the value began; None while there is no value.
        due_at, stale_at, expires_at: where the phases of its life end.
        started_at: when a refresh began that may still be running.
        scheduled_at: when a refresh is to run that the empty budget refused.
        backoff: the pause after failed fetches.
        budget: what pays for fetches that strangers cause.
    """

    fetched_at: float | None = None
    due_at: float = -math.inf
    stale_at: float = -math.inf
    expires_at: float = -math.inf
    started_at: float = -math.inf
    scheduled_at: float = math.inf
    backoff: Backoff = field(default_factory=Backoff)
    budget: Budget = field(default_factory=Budget)

    def phase(self, now: float) -> Phase:
        """The phase of the value's life at `now`."""
        if self.fetched_at is None:
            return Phase.EMPTY
        if now >= self.expires_at:
            return Phase.EXPIRED
        if now >= self.stale_at:
            return Phase.STALE
        return Phase.DUE if now >= self.refresh_due_at() else Phase.FRESH

    def refresh_due_at(self) -> float:
        """When the next refresh is due, whatever the reason for it.

        A failed refresh is due again when the backoff ends, however fresh the value at hand.
        """
        if self.backoff.failures:
            return self.backoff.ends_at
        return min(self.due_at, self.scheduled_at)

    def unchanged_until(self) -> float:
        """Until when the value may be served without another look at this state."""
        if self.fetched_at is None:
            return -math.inf
        return min(self.refresh_due_at(), self.stale_at, self.expires_at)

    def can_start_refresh(self, period: TrustPeriod, now: float) -> bool:
        """Whether a refresh that nobody waits for may start.

        It may not while another one may still be running. The end of that one is not certain:
        where every request has an event loop of its own, each loop takes its refresh with it.
        """
        return self.backoff.allows(now) and now >= self.started_at + period.timeout

    def is_due_by_schedule_alone(self, now: float) -> bool:
        """Whether a refresh is due only because the budget has refilled, and by no clock."""
        return not self.backoff.failures and self.scheduled_at <= now < self.due_at

    def is_refresh_scheduled(self) -> bool:
        """Whether a refresh will follow anyway: when the budget refills or the backoff ends."""
        return self.scheduled_at < math.inf or self.backoff.failures > 0

    def refetch_allowed_at(self) -> float:
        """From when on backoff and budget allow a fetch that a stranger causes."""
        return max(self.backoff.ends_at, self.budget.available_at())

    def after_start(self, period: TrustPeriod, now: float) -> "Freshness":
        """The state when a refresh starts. Of several in several loops, the first counts."""
        if now < self.started_at + period.timeout:
            return self
        return replace(self, started_at=now)

    def after_success(
        self, period: TrustPeriod, *, started: float, advised: float | None, spread: float
    ) -> "Freshness":
        """The state after a fetch that began at `started`, from which trust is counted.

        Args:
            period: how long a value is trusted.
            started: when the fetch began.
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
            started_at=-math.inf,
            scheduled_at=math.inf,
            backoff=Backoff(),
        )

    def after_failure(
        self, now: float, *, spread: float, retry_after: float | None, paid: bool
    ) -> "Freshness":
        """The state after a failed fetch; if it was `paid`, the budget gets it back."""
        return replace(
            self,
            started_at=-math.inf,
            backoff=self.backoff.after_failure(now, spread=spread, retry_after=retry_after),
            budget=self.budget.refunded() if paid else self.budget,
        )

    def after_spending(self, now: float) -> "Freshness | None":
        """The state after one fetch is paid for, or None if the budget is empty."""
        budget = self.budget.after_spending(now)
        return None if budget is None else replace(self, budget=budget, scheduled_at=math.inf)

    def with_refresh_scheduled(self, now: float) -> "Freshness":
        """The state after the empty budget refused a fetch.

        One refresh is due at its refill.
        """
        refilled = now + (1 - self.budget.held(now)) * self.budget.interval
        return replace(self, scheduled_at=min(self.scheduled_at, max(now, refilled)))

    def aged(self, seconds: float) -> "Freshness":
        """The state of a value that is older by `seconds`."""
        fetched_at = self.fetched_at
        return replace(
            self,
            fetched_at=None if fetched_at is None else fetched_at - seconds,
            due_at=self.due_at - seconds,
            stale_at=self.stale_at - seconds,
            expires_at=self.expires_at - seconds,
        )

    def with_refresh_due(self, now: float) -> "Freshness":
        """The state of a value that may be outdated: a refresh is due now."""
        return replace(self, due_at=min(self.due_at, now))
