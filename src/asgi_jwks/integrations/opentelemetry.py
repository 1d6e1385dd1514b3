"""OpenTelemetry: metrics of requests and key sets, and attributes of the request's span.

    app = JWTBearerMiddleware(app, issuer=..., audience=..., listener=OpenTelemetry())

It needs the extra `opentelemetry`, and does nothing until the application sets up an SDK. Names and
attributes are those of `metric_names`; a metric's label `error_type` is the attribute `error.type`.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Span, StatusCode

from asgi_jwks._options import require_flag
from asgi_jwks._version import __version__
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.event import Event
from asgi_jwks.events.requests import (
    UNAVAILABLE,
    RequestAccepted,
    RequestAnonymous,
    RequestEvent,
    RequestRefused,
    RouteRefused,
    RouteUnavailable,
    Unavailable,
    VerifiedToken,
)
from asgi_jwks.integrations.counting import counted_as, timed_as
from asgi_jwks.integrations.metric_names import BUCKETS, METRICS, Kind, Metric, metrics_of
from asgi_jwks.integrations.process_values import ProcessValues
from asgi_jwks.integrations.watched import Verifier, Watched

__all__ = ["OpenTelemetry"]

# NIST SP 800-107, section 5.3.3: a key of HMAC has at least the strength of its use.
SHORTEST_SECRET: Final = 16
# Half of the digest: enough to tell users apart, and shorter to read.
HASH_DIGITS: Final = 32


class OpenTelemetry:
    """A listener that counts in metrics of OpenTelemetry, and marks the span of a request.

    The span has `asgi_jwks.outcome`, `.reason` and `.issuer`. A refusal is not an error of the
    span, and an outage is one. Who the user is stands there only if it is asked for.

    Args:
        meter_provider: where the metrics go; the global one unless given.
        user_id: put the subject on the span as `user.id`.
        cached_durations: record the duration of a request whose token was remembered too. The SDK
            takes longer for it than the request does, so it is left out unless asked for.
        user_hash_secret: put a keyed hash of issuer and subject on the span as `user.hash`, by
            which the requests of a user can be found without a name; at least 16 bytes.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        meter_provider: MeterProvider | None = None,
        *,
        cached_durations: bool = False,
        user_id: bool = False,
        user_hash_secret: bytes | None = None,
    ) -> None:
        if meter_provider is not None and not isinstance(meter_provider, MeterProvider):
            raise ConfigurationError(
                f"meter_provider must be a MeterProvider of OpenTelemetry; got {meter_provider!r}."
            )
        if user_hash_secret is not None and (
            not isinstance(user_hash_secret, bytes) or len(user_hash_secret) < SHORTEST_SECRET
        ):
            raise ConfigurationError(
                f"user_hash_secret must be bytes, at least {SHORTEST_SECRET}. Make them with "
                "secrets.token_bytes(32), and keep them: with others, hashes differ."
            )
        self._has_user_id: Final = require_flag("user_id", user_id)
        self._secret: Final = user_hash_secret
        self._watched: Final = Watched()
        meter = metrics.get_meter("asgi_jwks", __version__, meter_provider)
        self._has_cached_durations: Final = require_flag("cached_durations", cached_durations)
        self._values: Final = ProcessValues()
        for m in metrics_of(Kind.COUNTER):
            meter.create_observable_counter(_spelled(m), [self._counted(m)], m.unit, m.text)
        self._histograms: Final = {
            m.name: meter.create_histogram(
                _spelled(m), m.unit, m.text, explicit_bucket_boundaries_advisory=BUCKETS
            )
            for m in metrics_of(Kind.HISTOGRAM)
        }
        for m in metrics_of(Kind.GAUGE):
            meter.create_observable_gauge(_spelled(m), [self._measured(m)], m.unit, m.text)

    def watch(self, verifier: Verifier) -> None:
        """Measure the key sets of a verifier; whoever gets this listener calls it."""
        self._watched.add(verifier)

    def __call__(self, event: Event) -> None:
        """Count one event, and mark the current span if it is of a request."""
        if isinstance(event, RequestAccepted):
            self._values.accepted(event)
            if not event.is_cached or self._has_cached_durations:
                self._record(event)
        else:
            for name, labels in counted_as(event):
                self._values.add(name, labels)
            self._record(event)
        if isinstance(event, RequestEvent):
            span = trace.get_current_span()
            if span.is_recording():
                self._mark(span, event)

    def _record(self, event: Event) -> None:
        for name, labels, seconds in timed_as(event):
            self._histograms[name].record(seconds, _attributes(name, labels))

    def _mark(self, span: Span, event: RequestEvent) -> None:
        match event:
            case RequestAccepted(access_token=token):
                outcome = "accepted"
                self._mark_user(span, token)
            case RequestAnonymous():
                outcome = "anonymous"
            case RequestRefused():
                outcome = "refused"
                span.set_attribute("asgi_jwks.reason", event.cause)
            case Unavailable():
                outcome = UNAVAILABLE
                span.set_status(StatusCode.ERROR, "the access token could not be verified")
            case RouteRefused():
                span.set_attribute("asgi_jwks.route_reason", event.cause)
                return
            case RouteUnavailable():
                span.set_status(StatusCode.ERROR, "the route could not judge the request")
                return
            case _:
                return
        span.set_attribute("asgi_jwks.outcome", outcome)
        span.set_attribute("asgi_jwks.issuer", event.issuer)

    def _mark_user(self, span: Span, token: VerifiedToken) -> None:
        issuer, subject = token.principal
        if self._has_user_id:
            span.set_attribute("user.id", subject)
        if self._secret is not None:
            text = f"{issuer}\0{subject}".encode("utf-8", "surrogatepass")
            digest = hmac.new(self._secret, text, sha256).hexdigest()
            span.set_attribute("user.hash", digest[:HASH_DIGITS])

    def _counted(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def count(_options: CallbackOptions) -> Iterable[Observation]:
            for labels, number in self._values.counts(metric.name):
                yield Observation(number, _attributes(metric.name, labels))

        return count

    def _measured(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def measure(_options: CallbackOptions) -> Iterable[Observation]:
            for name, labels, value in self._watched.measure_one(metric.name):
                yield Observation(value, _attributes(name, labels))

        return measure


def _spelled(metric: Metric) -> str:
    return f"asgi_jwks.{metric.name}"


def _attributes(name: str, labels: tuple[str, ...]) -> Mapping[str, str]:
    """The attributes of a measurement, those that are empty left out."""
    pairs = zip(METRICS[name].labels, labels, strict=True)
    return {"error.type" if n == "error_type" else n: value for n, value in pairs if value}
