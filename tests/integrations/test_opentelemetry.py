"""OpenTelemetry: metrics and spans, by the in-memory exporters of its own SDK."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from asgi_jwks import (
    ConfigurationError,
    JWTBearerMiddleware,
    KeySetUnavailable,
    Reason,
    RemoteJWKSet,
    refusal_of,
    requires,
)
from asgi_jwks.errors import Advice
from asgi_jwks.events import Hint, RequestLabels, WouldBeRefused
from asgi_jwks.integrations.metric_names import METRICS
from asgi_jwks.integrations.opentelemetry import OpenTelemetry
from asgi_jwks.testing import MockIssuer

SECRET = bytes(range(32))
SUBJECT = "auth0|60c7a9f2b1d3e40069f8a2b7"


class Telemetry:
    """An SDK in memory: its metrics, and the spans that a test has made."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider([self._reader])
        self._spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.tracer = provider.get_tracer("test")

    @property
    def metrics(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """The points of each metric: attributes, and the value or the count."""
        data = self._reader.get_metrics_data()
        return {
            metric.name: [
                (dict(point.attributes or {}), getattr(point, "value", getattr(point, "count", 0)))
                for point in metric.data.data_points
            ]
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    @property
    def units(self) -> dict[str, str]:
        data = self._reader.get_metrics_data()
        assert data is not None
        [resource] = data.resource_metrics
        [scope] = resource.scope_metrics
        assert scope.scope.name == "asgi_jwks"
        return {metric.name: metric.unit or "" for metric in scope.metrics}

    @property
    def last_span(self) -> ReadableSpan:
        return self._spans.get_finished_spans()[-1]

    def last_status(self) -> StatusCode:
        return self.last_span.status.status_code


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    yield made
    made.meters.shutdown()


class Guarded:
    def __init__(self, telemetry: Telemetry, app: Any = None, **options: Any) -> None:
        self._telemetry = telemetry
        self.issuer = MockIssuer()
        self.keys = RemoteJWKSet(self.issuer.jwks_uri, http_client=self.issuer.http_client())
        self.app = JWTBearerMiddleware(
            app or self._app,
            issuer=self.issuer.issuer,
            audience=self.issuer.audience,
            keys=self.keys,
            listener=OpenTelemetry(telemetry.meters, **options),
            allow_anonymous=True,
        )

    async def _app(self, scope: Any, receive: Any, send: Any) -> None: ...

    async def __call__(self, token: str | None) -> Mapping[str, Any]:
        """The attributes of the span of one request."""
        fields = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {"type": "http", "method": "GET", "path": "/", "headers": fields}

        async def send(message: Any) -> None: ...

        with self._telemetry.tracer.start_as_current_span("GET /"):
            await self.app(scope, None, send)
        return dict(self._telemetry.last_span.attributes or {})


@pytest.mark.anyio
async def test_requests_and_key_sets_are_metrics_with_units(telemetry: Telemetry) -> None:
    """N2-N5: names and units of the semantic conventions."""
    guarded = Guarded(telemetry)
    token = guarded.issuer.access_token()
    for one in (token, token, token, None, "opaque", guarded.issuer.access_token(audience="x")):
        await guarded(one)
    name, key_set = guarded.issuer.issuer, guarded.issuer.jwks_uri
    labels = {"issuer": name, "scheme": "bearer", "connection": "http"}
    metrics = telemetry.metrics
    assert sorted(metrics["asgi_jwks.requests"], key=str) == [
        ({"outcome": "accepted", **labels}, 3),
        ({"outcome": "anonymous", "issuer": "_other", "scheme": "none", "connection": "http"}, 1),
        ({"outcome": "refused", "reason": "malformed", **labels}, 1),
        ({"outcome": "refused", "reason": "wrong_audience", **labels}, 1),
    ]
    assert metrics["asgi_jwks.token_cache.lookups"] == [
        ({"result": "miss"}, 1),
        ({"result": "hit"}, 2),
    ]
    assert metrics["asgi_jwks.token_cache.size"] == [({}, 1)]
    # Of remembered tokens no duration is recorded unless it is asked for.
    assert metrics["asgi_jwks.verification.duration"] == [({"cached": "false"}, 1)]
    assert metrics["asgi_jwks.key_set.fetches"] == [({"key_set": key_set, "outcome": "success"}, 1)]
    assert metrics["asgi_jwks.key_set.fetch.duration"] == [({"key_set": key_set}, 1)]
    assert ({"key_set": key_set, "state": "fresh"}, 1.0) in metrics["asgi_jwks.key_set.state"]
    [(_, trust)] = metrics["asgi_jwks.key_set.trust_remaining"]
    assert 4100 < trust <= 4200
    units = telemetry.units
    assert units["asgi_jwks.key_set.age"] == units["asgi_jwks.verification.duration"] == "s"
    assert units.keys() <= {f"asgi_jwks.{metric}" for metric in METRICS}


@pytest.mark.anyio
async def test_a_failed_fetch_has_the_type_of_its_error(telemetry: Telemetry) -> None:
    """N4: `error.type`, of a closed set."""
    guarded = Guarded(telemetry)
    guarded.issuer.jwks.fail(500)
    await guarded(guarded.issuer.access_token())
    [(attributes, number)] = telemetry.metrics["asgi_jwks.key_set.fetches"]
    assert (attributes["error.type"], number) == ("answer", 1)


@pytest.mark.anyio
async def test_durations_of_remembered_tokens_are_recorded_when_asked_for(
    telemetry: Telemetry,
) -> None:
    """N3"""
    guarded = Guarded(telemetry, cached_durations=True)
    token = guarded.issuer.access_token()
    for _ in range(3):
        await guarded(token)
    assert telemetry.metrics["asgi_jwks.verification.duration"] == [
        ({"cached": "false"}, 1),
        ({"cached": "true"}, 2),
    ]


@pytest.mark.anyio
async def test_a_span_has_the_outcome_and_no_user(telemetry: Telemetry) -> None:
    """N6, H1: no scope, no key id, no token, and nobody's name unless it is asked for."""
    guarded = Guarded(telemetry)
    issuer = {"asgi_jwks.issuer": guarded.issuer.issuer}
    accepted = await guarded(guarded.issuer.access_token())
    assert accepted == {"asgi_jwks.outcome": "accepted", **issuer}
    refused = await guarded(guarded.issuer.access_token(audience="x"))
    assert refused == {
        "asgi_jwks.outcome": "refused",
        "asgi_jwks.reason": "wrong_audience",
        **issuer,
    }
    assert telemetry.last_status() is StatusCode.UNSET
    anonymous = await guarded(None)
    assert anonymous == {"asgi_jwks.outcome": "anonymous", "asgi_jwks.issuer": "_other"}


@pytest.mark.anyio
async def test_a_user_is_on_the_span_by_option(telemetry: Telemetry) -> None:
    """N6: by name, or by a hash that needs a secret."""
    named = Guarded(telemetry, user_id=True)
    assert (await named(named.issuer.access_token()))["user.id"] == SUBJECT
    hashed = Guarded(telemetry, user_hash_secret=SECRET)
    attributes = await hashed(hashed.issuer.access_token())
    assert "user.id" not in attributes
    assert len(attributes["user.hash"]) == 32
    assert SUBJECT not in str(attributes)
    other = await hashed(hashed.issuer.access_token(subject="another"))
    assert other["user.hash"] != attributes["user.hash"]


@pytest.mark.anyio
async def test_an_outage_is_an_error_of_the_span(telemetry: Telemetry) -> None:
    """N6"""
    guarded = Guarded(telemetry)
    guarded.issuer.jwks.fail(500)
    attributes = await guarded(guarded.issuer.access_token())
    assert attributes["asgi_jwks.outcome"] == "unavailable"
    assert telemetry.last_status() is StatusCode.ERROR


@pytest.mark.anyio
async def test_a_routes_refusal_leaves_the_outcome_as_it_was(telemetry: Telemetry) -> None:
    """B12, N6"""

    @requires("admin").around
    async def admin(scope: Any, receive: Any, send: Any) -> None: ...

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        refusal_of(scope, KeySetUnavailable("the store does not answer"))

    guarded = Guarded(telemetry, admin)
    attributes = await guarded(guarded.issuer.access_token())
    assert attributes["asgi_jwks.outcome"] == "accepted"
    assert attributes["asgi_jwks.route_reason"] == "insufficient_scope"
    assert telemetry.last_status() is StatusCode.UNSET
    outage = Guarded(telemetry, failing)
    await outage(outage.issuer.access_token())
    assert telemetry.last_status() is StatusCode.ERROR


REPORT = WouldBeRefused(
    RequestLabels(),
    advise=lambda: Advice(Hint.AUDIENCE, lambda: ""),
    reason=Reason.WRONG_AUDIENCE,
    status=401,
)


def test_a_report_marks_no_span(telemetry: Telemetry) -> None:
    """O6"""
    listener = OpenTelemetry(telemetry.meters)
    with telemetry.tracer.start_as_current_span("GET /"):
        listener(REPORT)
    assert not telemetry.last_span.attributes
    assert "asgi_jwks.report_only_refusals" in telemetry.metrics


def test_without_a_span_nothing_is_marked(telemetry: Telemetry) -> None:
    """N6"""
    assert not trace.get_current_span().is_recording()
    OpenTelemetry(telemetry.meters)(REPORT)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"meter_provider": "provider"}, "must be a MeterProvider"),
        ({"user_hash_secret": "text"}, "at least 16"),
        ({"user_hash_secret": b"short"}, "at least 16"),
        ({"user_id": 1}, "user_id must be True or False"),
        ({"cached_durations": None}, "cached_durations must be True or False"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, Any], words: str) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=words):
        OpenTelemetry(**options)
