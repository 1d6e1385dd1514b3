"""The state of key sets for a person, a health endpoint or a metric.

It touches no network and changes nothing. No secret is in it, nor a text of anybody else's but the
last error and the key ids of a KeySetHealth.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol, runtime_checkable

from asgi_jwks.caching.cached_value import CachedValue
from asgi_jwks.caching.freshness import Phase
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.usable_keys import SkippedKey
from asgi_jwks.keys.distrust import DistrustList

__all__ = [
    "GIVEN",
    "STATES",
    "KeySetHealth",
    "KeySetState",
    "ResolverState",
    "health_of",
    "key_set_states",
]

GIVEN: Final = "given"
"""The state of keys that are not fetched."""

STATES: Final = (*(phase.value for phase in Phase), GIVEN)
"""All states that a key set can have."""


@dataclass(frozen=True, slots=True)
class KeySetHealth:
    """The state of a key set, for a person or a health endpoint.

    Durations are in seconds.

    `age` counts from the last successful fetch; `failures` are those since then, `fetches` and
    `failed_fetches` all of this process. `key_ids` are those of the keys that are trusted.
    `next_refresh_in` is zero when one is overdue. `trust_remaining` is how long the keys at hand
    are trusted at most, if no fetch succeeds. `digest` is equal where the trusted keys are equal.
    `clock_ahead` is by how much this machine's clock was ahead of the endpoint's at the last
    answer, at least; None if that had no Date.
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
    trust_remaining: float = 0.0
    keys: int = 0
    digest: str | None = None
    clock_ahead: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetState:
    """The state of an issuer's keys, as far as strangers may know it.

    Attributes:
        key_set: its name: the issuer, or the URL.
        state: a Phase of fetched keys, or "given".
        is_usable: whether tokens can be verified now.
        age: seconds since the last successful fetch; None where there is none.
        trust_remaining: seconds that the keys are trusted at most; None where that has no end.
        keys: how many are trusted.
        skipped: how many of the published ones are not used, by reason.
        failures: how many fetches in a row have failed.
        digest: equal where the trusted keys are equal; None for given keys.
    """

    key_set: str
    state: str
    is_usable: bool
    age: float | None = None
    trust_remaining: float | None = None
    keys: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    failures: int = 0
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class ResolverState:
    """The state of a resolver of tenants.

    `age` is how many seconds ago it answered last, None where it has not; `tenants` how many
    tenants it has named lately, by the state of their keys.
    """

    age: float | None
    tenants: Mapping[str, int]


def health_of(
    name: str,
    cached: CachedValue[JWKSet],
    distrusted: DistrustList,
    *,
    clock_ahead: float | None,
) -> KeySetHealth:
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
        trust_remaining=0.0 if keys is None else max(0.0, freshness.expires_at - now),
        keys=0 if keys is None else len(keys.keys),
        digest=None if keys is None else _digest(keys),
        clock_ahead=clock_ahead,
    )


class Source(Protocol):
    """A source of keys, as far as its state is asked for."""

    def at_hand(self) -> JWKSet | None: ...


@runtime_checkable
class Fetched(Protocol):
    """A source that fetches its keys."""

    def health(self) -> KeySetHealth: ...


def key_set_states(sources: Iterable[tuple[str, Source]]) -> tuple[KeySetState, ...]:
    """The states of key sources, each once.

    Args:
        sources: each issuer's name and source.
    """
    states: dict[str, KeySetState] = {}
    for issuer, source in sources:
        state = (
            _fetched_state(source.health())
            if isinstance(source, Fetched)
            else _given_state(issuer, source.at_hand())
        )
        states[state.key_set] = state
    return tuple(states.values())


def _fetched_state(health: KeySetHealth) -> KeySetState:
    return KeySetState(
        key_set=health.key_set,
        state=health.phase.value,
        is_usable=health.phase not in {Phase.EMPTY, Phase.EXPIRED},
        age=health.age,
        trust_remaining=health.trust_remaining,
        keys=health.keys,
        skipped=Counter(skipped.reason.value for skipped in health.skipped),
        failures=health.failures,
        digest=health.digest,
    )


def _given_state(issuer: str, keys: JWKSet | None) -> KeySetState:
    if keys is None:
        return KeySetState(key_set=issuer, state=Phase.EMPTY.value, is_usable=False)
    skipped = Counter(skipped.reason.value for skipped in keys.skipped)
    return KeySetState(
        key_set=issuer, state=GIVEN, is_usable=True, keys=len(keys.keys), skipped=skipped
    )


def _digest(keys: JWKSet) -> str:
    """Of the thumbprints alone, whatever their order is."""
    text = "\n".join(sorted(key.thumbprint for key in keys.keys))
    return sha256(text.encode()).hexdigest()[:16]
