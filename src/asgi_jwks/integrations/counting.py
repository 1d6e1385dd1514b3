"""From an event to the metrics that count it: for Prometheus and OpenTelemetry alike."""

from collections.abc import Iterator

from asgi_jwks.events.event import Event
from asgi_jwks.events.key_set import BudgetExhausted, KeySetRefreshed, RefreshFailed, UnknownKey
from asgi_jwks.events.proofs import ProofUsed, ReplayStoreAnswered, ReplayStoreFailed
from asgi_jwks.events.requests import (
    ConnectionEnded,
    RequestAccepted,
    RequestAnonymous,
    RequestLabels,
    RequestRefused,
    RouteRefused,
    RouteUnavailable,
    Unavailable,
    WouldBeRefused,
)
from asgi_jwks.events.resolver import (
    ResolverAnswered,
    ResolverBudgetSpent,
    ResolverFailed,
    ResolverMistaken,
)

__all__ = ["Count", "Duration", "counted_as", "counts_of_accepted", "duration_of", "timed_as"]

Count = tuple[str, tuple[str, ...]]
"""A counter of METRICS, and the values of its labels."""

Duration = tuple[str, tuple[str, ...], float]
"""A histogram of METRICS, the values of its labels, and seconds."""


def counts_of_accepted(labels: RequestLabels, *, is_cached: bool) -> Iterator[Count]:
    """The counters of an accepted request."""
    yield "requests", ("accepted", "", *labels)
    yield "token_cache.lookups", ("hit" if is_cached else "miss",)


def counted_as(event: Event) -> Iterator[Count]:
    """The counters that an event adds one to."""
    match event:
        case RequestAccepted(labels, is_cached):
            yield from counts_of_accepted(labels, is_cached=is_cached)
        case RequestAnonymous(labels):
            yield "requests", ("anonymous", "", *labels)
        case RequestRefused(labels):
            yield "requests", ("refused", event.cause, *labels)
        case Unavailable(labels):
            yield "requests", ("unavailable", "", *labels)
        case RouteRefused() | RouteUnavailable():
            yield "route_refusals", (event.cause, event.issuer, event.connection)
        case WouldBeRefused():
            yield "report_only_refusals", (event.cause, event.issuer)
        case ConnectionEnded(cause=cause):
            yield "ended_connections", (cause, event.issuer, event.connection)
        case KeySetRefreshed(name):
            yield "key_set.fetches", (name, "success", "")
        case RefreshFailed(name):
            yield "key_set.fetches", (name, "failure", event.error_type)
        case UnknownKey(name):
            yield "unknown_kids", (name, "sought")
        case BudgetExhausted(name):
            yield "unknown_kids", (name, "budget_spent")
        case ResolverAnswered(resolution):
            yield "resolver.questions", (str(resolution), "")
        case ResolverMistaken():
            yield "resolver.questions", ("mistaken", "")
        case ResolverFailed():
            yield "resolver.questions", ("failure", event.error_type)
        case ResolverBudgetSpent():
            yield "resolver.questions", ("budget_spent", "")
        case ProofUsed(use):
            yield "proofs", (str(use),)
        case ReplayStoreAnswered():
            yield "replay_store.requests", ("success", "")
        case ReplayStoreFailed(error_type=kind):
            yield "replay_store.requests", ("failure", kind)


def duration_of(*, is_cached: bool) -> Count:
    """The histogram of an accepted request."""
    return "verification.duration", ("true" if is_cached else "false",)


def timed_as(event: Event) -> Iterator[Duration]:
    """The histograms that an event adds a duration to."""
    match event:
        case RequestAccepted(_, is_cached, seconds):
            yield *duration_of(is_cached=is_cached), seconds
        case KeySetRefreshed(name, seconds=seconds) | RefreshFailed(name, seconds=seconds):
            yield "key_set.fetch.duration", (name,), seconds
        case (
            ResolverAnswered(seconds=seconds)
            | ResolverMistaken(seconds=seconds)
            | ResolverFailed(seconds=seconds)
        ):
            yield "resolver.question.duration", (), seconds
        case ReplayStoreAnswered(seconds) | ReplayStoreFailed(seconds=seconds):
            yield "replay_store.request.duration", (), seconds
