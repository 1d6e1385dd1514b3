"""The metrics, by their names without a system's spelling, and the labels of each.

One list for all systems, the alert rules and the dashboard: `asgi_jwks.requests` of OpenTelemetry
is `asgi_jwks_requests_total` of Prometheus. Every label is of a closed set (requirement N7).
"""

from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["BUCKETS", "METRICS", "Kind", "Metric", "metrics_of", "spelled_for_prometheus"]


class Kind(StrEnum):
    """The kind of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """A metric.

    Attributes:
        name: after `asgi_jwks.`, as OpenTelemetry writes it.
        kind: a counter, a gauge or a histogram.
        labels: the names of its labels.
        text: its meaning.
        unit: in words of UCUM; "1" for a plain number.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    text: str
    unit: str = "1"


# In seconds. A remembered token takes microseconds, a signature tens of them, and a request that
# waits for keys may take as long as the deadline of a fetch.
BUCKETS: Final = (2e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 0.5, 1.0, 5.0)

_COUNTER, _GAUGE, _HISTOGRAM = Kind

METRICS: Final = {
    metric.name: metric
    for metric in (
        Metric(
            "requests",
            _COUNTER,
            ("outcome", "reason", "issuer", "scheme", "connection"),
            "Outcomes of authentication, one for each request.",
            "{request}",
        ),
        Metric(
            "route_refusals",
            _COUNTER,
            ("reason", "issuer", "connection"),
            "Requests that authentication let through and a route refused.",
            "{request}",
        ),
        Metric(
            "report_only_refusals",
            _COUNTER,
            ("reason", "issuer"),
            "Accepted tokens that a policy of report_only would refuse.",
            "{token}",
        ),
        Metric(
            "ended_connections",
            _COUNTER,
            ("reason", "issuer", "connection"),
            "Connections that were ended with their token, as end_at_expiry says.",
            "{connection}",
        ),
        Metric(
            "verification.duration",
            _HISTOGRAM,
            ("cached",),
            "Duration of the verifications of accepted tokens, waiting for keys included.",
            "s",
        ),
        Metric(
            "token_cache.lookups",
            _COUNTER,
            ("result",),
            "Accepted tokens that were remembered (hit) and that were verified (miss).",
            "{token}",
        ),
        Metric("token_cache.size", _GAUGE, (), "Accepted tokens that are remembered.", "{token}"),
        Metric(
            "key_set.fetches",
            _COUNTER,
            ("key_set", "outcome", "error_type"),
            "Fetches of a key set.",
            "{fetch}",
        ),
        Metric("key_set.fetch.duration", _HISTOGRAM, ("key_set",), "Duration of fetches.", "s"),
        Metric(
            "unknown_kids",
            _COUNTER,
            ("key_set", "decision"),
            "Unknown key ids: sought in vain by a fetch, or refused as the budget was spent.",
            "{event}",
        ),
        Metric("key_set.age", _GAUGE, ("key_set",), "Age of the keys in use.", "s"),
        Metric(
            "key_set.last_success",
            _GAUGE,
            ("key_set",),
            "Time of the last successful fetch, since the epoch.",
            "s",
        ),
        Metric(
            "key_set.trust_remaining",
            _GAUGE,
            ("key_set",),
            "How long the keys are trusted at most, if no fetch succeeds.",
            "s",
        ),
        Metric(
            "key_set.keys",
            _GAUGE,
            ("key_set", "usable", "reason"),
            "Keys that are published: used, or not used for a reason.",
            "{key}",
        ),
        Metric(
            "key_set.state", _GAUGE, ("key_set", "state"), "1 for the state of the key set, else 0."
        ),
        Metric(
            "key_set.digest",
            _GAUGE,
            ("key_set",),
            "A number that is equal wherever the keys in use are equal.",
        ),
        Metric(
            "resolver.questions",
            _COUNTER,
            ("outcome", "error_type"),
            "Questions to the resolver of tenants, and spells in which the budget paid for none.",
            "{question}",
        ),
        Metric("resolver.question.duration", _HISTOGRAM, (), "Duration of such questions.", "s"),
        Metric("resolver.age", _GAUGE, (), "Time since the resolver answered last.", "s"),
        Metric(
            "resolver.tenants",
            _GAUGE,
            ("state",),
            "Tenants that the resolver has named lately, by the state of their keys.",
            "{tenant}",
        ),
        Metric(
            "proofs",
            _COUNTER,
            ("use",),
            "DPoP proofs that were looked up: used for the first time, or refused for their use.",
            "{proof}",
        ),
        Metric(
            "replay_memory.size",
            _GAUGE,
            (),
            "Used proofs that the process remembers.",
            "{proof}",
        ),
        Metric(
            "replay_memory.capacity",
            _GAUGE,
            (),
            "Used proofs that the process can remember.",
            "{proof}",
        ),
        Metric(
            "replay_store.requests",
            _COUNTER,
            ("outcome", "error_type"),
            "Requests to the store of used proofs that several workers share.",
            "{request}",
        ),
        Metric("replay_store.request.duration", _HISTOGRAM, (), "Duration of such requests.", "s"),
    )
}
"""All metrics, by name."""


def metrics_of(kind: Kind) -> list[Metric]:
    """The metrics of one kind."""
    return [metric for metric in METRICS.values() if metric.kind is kind]


def spelled_for_prometheus(metric: Metric) -> str:
    """The name of a metric as Prometheus writes it, without the suffix of its samples."""
    suffix = ""
    if metric.unit == "s":
        suffix = "_timestamp_seconds" if metric.name == "key_set.last_success" else "_seconds"
    return "asgi_jwks_" + metric.name.replace(".", "_") + suffix
