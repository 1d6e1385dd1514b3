"""The state of a key set as a person, or a health endpoint, wants to see it.

What lives only here: which parts of the state are shown, and as what. What it does not know: how
the state comes about; it touches no network and changes nothing.
"""

from dataclasses import dataclass

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.caching.refresh_ahead import Refreshing
from asgi_jwks.jose.jwk_set import JWKSet, SkippedKey

__all__ = ["KeySetHealth", "health_of"]


@dataclass(frozen=True, slots=True)
class KeySetHealth:
    """The state of a key set, for a person or a health endpoint. Durations are in seconds.

    `age` counts from the last successful fetch; `failures` are those since then, `fetches` and
    `failed_fetches` all of this process. `next_refresh_in` is zero when one is overdue.
    """

    key_set: str
    phase: Phase
    age: float | None
    key_ids: tuple[str, ...]
    skipped: tuple[SkippedKey, ...]
    last_error: str | None
    failures: int
    next_refresh_in: float
    fetches: int
    failed_fetches: int
    refetch_budget: float


def health_of(name: str, keys: Refreshing[JWKSet], now: float) -> KeySetHealth:
    """The health of the key set called `name`, at `now` of its own clock."""
    freshness, fetched, error = keys.freshness, keys.fetched, keys.last_error
    return KeySetHealth(
        key_set=name,
        phase=freshness.phase(now),
        age=None if freshness.fetched_at is None else now - freshness.fetched_at,
        key_ids=() if fetched is None else fetched.value.key_ids,
        skipped=() if fetched is None else fetched.value.skipped,
        last_error=None if error is None else str(error),
        failures=freshness.failures,
        next_refresh_in=max(0.0, freshness.refresh_at() - now),
        fetches=keys.fetches,
        failed_fetches=keys.failed_fetches,
        refetch_budget=freshness.budget(now),
    )
