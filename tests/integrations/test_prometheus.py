"""Prometheus: the metrics of a listener, and floods that add no series."""

import logging
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tests.support import metrics as metrics_page
from tests.support.exposition import Samples, parsed, value
from tests.support.flood import flood

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    DPoP,
    JWTBearerMiddleware,
    KeySetUnavailable,
    Reason,
    RemoteJWKSet,
    ReplayMemory,
    ReplayStoreUnavailable,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.errors import Advice
from asgi_jwks.events import (
    BudgetExhausted,
    ConnectionEnded,
    Hint,
    KeyDistrusted,
    KeySetRefreshed,
    ProofUse,
    ProofUsed,
    RefreshFailed,
    ReplayStoreAnswered,
    ReplayStoreFailed,
    RequestAccepted,
    RequestAnonymous,
    RequestLabels,
    RequestRefused,
    Resolution,
    ResolverAnswered,
    ResolverBudgetSpent,
    ResolverFailed,
    ResolverMistaken,
    RouteRefused,
    RouteUnavailable,
    Unavailable,
    UnknownKey,
    WouldBeRefused,
)
from asgi_jwks.events.refusal_log import MOST_CAUSES
from asgi_jwks.integrations.process_values import MOST_PENDING
from asgi_jwks.integrations.prometheus import PrometheusMetrics
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.tokens.header_cache import MAX_HEADERS
from asgi_jwks.tokens.issuers import MOST_RESOLVED

ISSUER = "https://issuer.example/"
LABELS = RequestLabels(ISSUER)
REQUEST = {"issuer": ISSUER, "scheme": "bearer", "connection": "http"}
AUDIENCE = "https://api.example.com"


def advise() -> Advice:
    return Advice(Hint.AUDIENCE, lambda: "it is for another API.")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=True)


@pytest.fixture
def metrics(registry: CollectorRegistry) -> PrometheusMetrics:
    return PrometheusMetrics(registry)


def scraped(registry: CollectorRegistry) -> Samples:
    return parsed(generate_latest(registry).decode())


def accepted(seconds: float = 0.0, *, is_cached: bool = False) -> RequestAccepted:
    token: Any = None
    return RequestAccepted(LABELS, is_cached, seconds, token)


EVENTS: list[tuple[Any, str, dict[str, str]]] = [
    (accepted(), "requests_total", {"outcome": "accepted", "reason": "", **REQUEST}),
    (
        RequestAnonymous(LABELS),
        "requests_total",
        {"outcome": "anonymous", "reason": "", **REQUEST},
    ),
    (
        RequestRefused(LABELS, advise=advise, reason=Reason.EXPIRED, status=401),
        "requests_total",
        {"outcome": "refused", "reason": "expired", **REQUEST},
    ),
    (
        Unavailable(LABELS, advise=advise, retry_after=1.0),
        "requests_total",
        {"outcome": "unavailable", "reason": "", **REQUEST},
    ),
    (
        RouteRefused(LABELS, advise=advise, reason=Reason.INSUFFICIENT_SCOPE, status=403),
        "route_refusals_total",
        {"reason": "insufficient_scope", "issuer": ISSUER, "connection": "http"},
    ),
    (
        RouteUnavailable(LABELS, advise=advise, retry_after=1.0),
        "route_refusals_total",
        {"reason": "unavailable", "issuer": ISSUER, "connection": "http"},
    ),
    (
        ConnectionEnded(LABELS, "expired"),
        "ended_connections_total",
        {"reason": "expired", "issuer": ISSUER, "connection": "http"},
    ),
    (
        WouldBeRefused(LABELS, advise=advise, reason=Reason.WRONG_AUDIENCE, status=401),
        "report_only_refusals_total",
        {"reason": "wrong_audience", "issuer": ISSUER},
    ),
    (
        KeySetRefreshed(ISSUER, (), (), (), changed=False, seconds=0.2),
        "key_set_fetches_total",
        {"key_set": ISSUER, "outcome": "success", "error_type": ""},
    ),
    (
        RefreshFailed(ISSUER, KeySetUnavailable("late"), 1, 1.0, seconds=0.2),
        "key_set_fetches_total",
        {"key_set": ISSUER, "outcome": "failure", "error_type": "timeout"},
    ),
    (UnknownKey(ISSUER, "k"), "unknown_kids_total", {"key_set": ISSUER, "decision": "sought"}),
    (
        BudgetExhausted(ISSUER),
        "unknown_kids_total",
        {"key_set": ISSUER, "decision": "budget_spent"},
    ),
    *(
        (event, "resolver_questions_total", {"outcome": outcome, "error_type": kind})
        for event, outcome, kind in (
            (ResolverAnswered(Resolution.FOUND, 0.1), "found", ""),
            (ResolverAnswered(Resolution.UNKNOWN, 0.1), "unknown", ""),
            (ResolverMistaken("it is another issuer", 0.1), "mistaken", ""),
            (ResolverFailed(OSError(), 0.1), "failure", "_other"),
            (ResolverBudgetSpent(), "budget_spent", ""),
        )
    ),
    *((ProofUsed(use), "proofs_total", {"use": use.value}) for use in ProofUse),
    (
        ReplayStoreAnswered(0.001),
        "replay_store_requests_total",
        {"outcome": "success", "error_type": ""},
    ),
    (
        ReplayStoreFailed(ReplayStoreUnavailable("late"), "timeout", 0.1),
        "replay_store_requests_total",
        {"outcome": "failure", "error_type": "timeout"},
    ),
]


@pytest.mark.parametrize(
    ("event", "name", "labels"), EVENTS, ids=lambda value: type(value).__name__
)
def test_each_event_is_counted(
    event: Any,
    name: str,
    labels: dict[str, str],
    metrics: PrometheusMetrics,
    registry: CollectorRegistry,
) -> None:
    """N2, N4"""
    metrics(event)
    metrics(event)
    assert value(scraped(registry), name, **labels) == 2


def test_workers_that_share_files_count_the_same(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: by prometheus_client's own metrics."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/nowhere")
    metrics = PrometheusMetrics(registry)
    for event, _, _ in EVENTS:
        metrics(event)
    samples = scraped(registry)
    for _, name, labels in EVENTS:
        assert value(samples, name, **labels) == 1
    assert value(samples, "token_cache_lookups_total", result="miss") == 1
    assert value(samples, "verification_duration_seconds_count", cached="false") == 1
    assert value(samples, "key_set_fetch_duration_seconds_count", key_set=ISSUER) == 2
    assert value(samples, "resolver_question_duration_seconds_count") == 4
    assert value(samples, "replay_store_request_duration_seconds_count") == 2
    with pytest.raises(ConfigurationError, match="Give that one to all middleware"):
        PrometheusMetrics(registry)


def test_an_event_that_no_metric_counts_is_passed_by(
    metrics: PrometheusMetrics, registry: CollectorRegistry
) -> None:
    """N1: events that come later break no listener."""
    before = scraped(registry)
    metrics(KeyDistrusted(ISSUER, "k", None, is_kept=True))
    assert scraped(registry) == before


def test_durations_are_in_buckets(metrics: PrometheusMetrics, registry: CollectorRegistry) -> None:
    """N3: and remembered tokens are told from verified ones."""
    for seconds in (0.00001, 0.00002, 0.003, 60.0):
        metrics(accepted(seconds))
    metrics(accepted(0.00001, is_cached=True))
    samples = scraped(registry)
    found = {
        bound: value(samples, "verification_duration_seconds_bucket", cached="false", le=bound)
        for bound in ("2e-05", "0.001", "0.005", "5.0", "+Inf")
    }
    assert found == {"2e-05": 2, "0.001": 2, "0.005": 3, "5.0": 3, "+Inf": 4}
    total = value(samples, "verification_duration_seconds_sum", cached="false")
    assert total == pytest.approx(60.00303)
    lookups = [value(samples, "token_cache_lookups_total", result=r) for r in ("hit", "miss")]
    assert lookups == [1, 4]


def test_threads_count_together(metrics: PrometheusMetrics, registry: CollectorRegistry) -> None:
    """N2: while it is scraped."""
    event = accepted(0.1)

    def run() -> None:
        for _ in range(5 * MOST_PENDING):
            metrics(event)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        scraped(registry)
    labels = {"outcome": "accepted", "reason": "", **REQUEST}
    assert value(scraped(registry), "requests_total", **labels) == 30 * MOST_PENDING


@pytest.mark.anyio
async def test_the_state_of_key_sets_is_measured_at_the_scrape(
    metrics: PrometheusMetrics, registry: CollectorRegistry
) -> None:
    """N4, N9: age, trust that remains, keys, state and digest; without a fetch."""
    issuer = MockIssuer(key=SigningKey.generate("RS256", kid="one"))
    published: Any = issuer.jwk_set()["keys"]
    oct_key = {"kty": "oct", "k": "c2VjcmV0"}
    issuer.jwks.document({"keys": [*published, oct_key]})
    keys = RemoteJWKSet(issuer.jwks_uri, issuer=ISSUER, http_client=issuer.http_client())
    verifier = AccessTokenVerifier(issuer=ISSUER, audience="a", keys=keys, listener=metrics)
    # A second middleware around the same verifier measures nothing twice.
    JWTBearerMiddleware(_ok, verifier=verifier, listener=metrics)
    empty = scraped(registry)
    assert value(empty, "key_set_state", key_set=ISSUER, state="empty") == 1
    assert value(empty, "key_set_trust_remaining_seconds", key_set=ISSUER) == 0
    assert value(empty, "key_set_age_seconds", key_set=ISSUER) is None
    await verifier.warm()
    samples = scraped(registry)
    fetches = issuer.jwks.count
    states = {
        state: value(samples, "key_set_state", key_set=ISSUER, state=state)
        for state in ("empty", "fresh", "due", "stale", "expired", "given")
    }
    assert [state for state, is_it in states.items() if is_it] == ["fresh"]
    assert value(samples, "key_set_keys", key_set=ISSUER, usable="true", reason="") == 1
    skipped = value(samples, "key_set_keys", key_set=ISSUER, usable="false", reason="symmetric_key")
    assert skipped == 1
    age = value(samples, "key_set_age_seconds", key_set=ISSUER)
    trust = value(samples, "key_set_trust_remaining_seconds", key_set=ISSUER)
    assert age is not None
    assert trust is not None
    assert age + trust == pytest.approx(4200, abs=1)
    for name in ("key_set_last_success_timestamp_seconds", "key_set_digest"):
        assert value(samples, name, key_set=ISSUER)
    assert value(samples, "token_cache_size") == 0
    assert issuer.jwks.count == fetches


@pytest.mark.anyio
async def test_the_resolver_and_the_memory_of_proofs_are_measured_at_the_scrape(
    metrics: PrometheusMetrics, registry: CollectorRegistry
) -> None:
    """N5: how many tenants have which keys, when it answered last; how full the memory is."""
    issuer, memory = MockIssuer(issuer="https://tenant.example/"), ReplayMemory(capacity=7)

    async def resolver(name: str) -> TrustedIssuer:
        return TrustedIssuer(
            issuer=name,
            audience=issuer.audience,
            grants=[],
            keys=RemoteJWKSet(issuer.jwks_uri, issuer=name, http_client=issuer.http_client()),
            dpop=DPoP(public_origin=AUDIENCE, replay_store=memory),
        )

    verifier = AccessTokenVerifier(resolver=resolver, listener=metrics)
    before = scraped(registry)
    assert value(before, "resolver_tenants", state="fresh") == 0
    assert value(before, "resolver_age_seconds") is None
    assert value(before, "replay_memory_capacity") is None
    await verifier.verify(issuer.access_token())
    await memory.first_use(b"proof", 60.0)
    samples = scraped(registry)
    assert value(samples, "resolver_tenants", state="fresh") == 1
    age = value(samples, "resolver_age_seconds")
    assert age is not None
    assert 0 <= age < 60
    sizes = [value(samples, f"replay_memory_{name}") for name in ("size", "capacity")]
    assert sizes == [1, 7]


async def _ok(scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    "name",
    ["https://пример.example/", "https://例え.example/", 'a"b\\c\nd', "https://a.example/{}"],
)
def test_an_issuer_of_any_characters_is_a_label(
    name: str, metrics: PrometheusMetrics, registry: CollectorRegistry
) -> None:
    """N7: it is escaped, and the scrape can be read."""
    metrics(RequestAnonymous(RequestLabels(name, "none", "http")))
    labels = {"outcome": "anonymous", "reason": "", "issuer": name, "scheme": "none"}
    assert value(scraped(registry), "requests_total", connection="http", **labels) == 1


@pytest.mark.anyio
async def test_two_middlewares_share_one_listener(
    metrics: PrometheusMetrics, registry: CollectorRegistry
) -> None:
    """N1: each with a verifier of its own; gauges of both, and one sum of requests."""
    first, second = MockIssuer(issuer="https://a.example/"), MockIssuer(issuer="https://b.example/")
    for issuer in (first, second):
        app = JWTBearerMiddleware(
            _ok,
            issuer=issuer.issuer,
            audience=issuer.audience,
            keys=StaticJWKSet(issuer.jwk_set()),
            listener=metrics,
        )
        fields = [(b"authorization", f"Bearer {issuer.access_token()}".encode())]
        await app({"type": "http", "method": "GET", "path": "/", "headers": fields}, None, None)
    samples = scraped(registry)
    for issuer in (first, second):
        labels = {**REQUEST, "issuer": issuer.issuer, "outcome": "accepted", "reason": ""}
        assert value(samples, "requests_total", **labels) == 1
        assert value(samples, "key_set_state", key_set=issuer.issuer, state="given") == 1
    assert value(samples, "token_cache_size") == 2


FORKED = """
import os, threading
from prometheus_client import CollectorRegistry, generate_latest
from asgi_jwks.events import RequestAccepted, RequestAnonymous, RequestLabels
from asgi_jwks.integrations.prometheus import PrometheusMetrics

registry, ended = CollectorRegistry(), threading.Event()
metrics, labels = PrometheusMetrics(registry), RequestLabels("https://issuer.example/")

def count():
    while not ended.is_set():
        metrics(RequestAnonymous(labels))

thread = threading.Thread(target=count)
thread.start()
failures = 0
for _ in range(10):
    pid = os.fork()
    if pid == 0:
        metrics(RequestAccepted(labels, False, 0.1, None))
        scrape = generate_latest(registry).decode()
        os._exit('outcome="accepted"' not in scrape)
    failures += os.waitpid(pid, 0)[1] != 0
ended.set()
thread.join()
print(failures)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_worker_counts_for_itself() -> None:
    """N1, F21: while other threads of the parent count; no lock is held in the child."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (run.stdout, run.stderr) == ("0\n", "")


def test_a_registry_has_such_metrics_once(
    metrics: PrometheusMetrics, registry: CollectorRegistry
) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="Give that one to all middleware"):
        PrometheusMetrics(registry)
    wrong: Any = "registry"
    with pytest.raises(ConfigurationError, match="must be a CollectorRegistry"):
        PrometheusMetrics(wrong)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_flood_of_kids_issuers_and_paths_adds_no_series_and_no_line(
    metrics: PrometheusMetrics, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """N7, H4, W6: whatever strangers write into a request.

    Five thousand are more than each bound of entries that a refused request could meet; a hundred
    thousand are sent by `uv run python -m tests.benchmarks.metrics --flood`.
    """
    flooded = 5_000
    assert flooded > max(MAX_HEADERS, MOST_CAUSES, MOST_RESOLVED, MOST_PENDING)
    issuer = MockIssuer()
    app = JWTBearerMiddleware(
        _ok,
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
        listener=metrics,
    )
    await flood(app, 0, 300)
    series, lines = set(scraped(registry)), len(caplog.records)
    await flood(app, 300, flooded)
    samples = scraped(registry)
    assert set(samples) == series
    assert len(caplog.records) == lines <= 8
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    refused = sum(n for (name, _), n in samples.items() if name == "asgi_jwks_requests_total")
    assert refused == flooded


def test_the_guide_has_each_metric() -> None:
    """N2-N5"""
    text = metrics_page.PAGE.read_text(encoding="utf-8")
    assert text == metrics_page.page(), "write it anew: uv run python -m tests.support.metrics"
