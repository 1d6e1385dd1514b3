"""The state of a key set for a person or a health endpoint.

It touches no network and changes nothing.
"""

from dataclasses import dataclass

from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.jose.jwk_set import JWKSet, SkippedKey
from asgi_jwks.keys.distrust import DistrustList

__all__ = ["KeySetHealth", "health_of"]


@dataclass(frozen=True, slots=True)
class KeySetHealth:
    """The state of a key set, for a person or a health endpoint.

    Durations are in seconds.

    `age` counts from the last successful fetch; `failures` are those since then, `fetches` and
    `failed_fetches` all of this process. `key_ids` are those of the keys that are trusted.
    `next_refresh_in` is zero when one is overdue.
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
    distrusted_kids: tuple[str, ...] = ()
    distrusted_thumbprints: tuple[str, ...] = ()


def health_of(name: str, cached: CachedValue[JWKSet], distrusted: DistrustList) -> KeySetHealth:
    """The health of the key set called `name`, at the present of its own clock."""
    now = cached.now()
    freshness, keys, error = cached.freshness, cached.value, cached.last_error
    return KeySetHealth(
        key_set=name,
        phase=freshness.phase(now),
        age=None if freshness.fetched_at is None else now - freshness.fetched_at,
        key_ids=() if keys is None else keys.key_ids,
        skipped=() if keys is None else keys.skipped,
        last_error=None if error is None else str(error),
        failures=freshness.backoff.failures,
        next_refresh_in=max(0.0, freshness.refresh_due_at() - now),
        fetches=cached.fetches,
        failed_fetches=cached.failed_fetches,
        refetch_budget=freshness.budget.held(now),
        distrusted_kids=distrusted.names("kid"),
        distrusted_thumbprints=distrusted.names("thumbprint"),
    )
