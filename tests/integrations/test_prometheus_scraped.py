"""Prometheus, over HTTP: real servers under load, of one worker and of several."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.support.examples import number_of_examples, only_in_ci
from tests.support.exposition import Samples, parsed, value
from tests.support.servers import SERVERS, RunningServer, Server, running

from asgi_jwks.testing import MockIssuer, SigningKey

AUDIENCE = "https://api.example.com"

# Counts from which those before the load are taken away.
COUNTED = {"asgi_jwks_requests_total", "asgi_jwks_token_cache_lookups_total"}

# How often each kind of request is sent to a server.
ROUNDS = number_of_examples(40)

PROGRAM = """
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, requires
from asgi_jwks.integrations.prometheus import PrometheusMetrics

{registry}


def hello(request):
    return PlainTextResponse("hello")


def scrape(request):
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


app = JWTBearerMiddleware(
    Starlette(
        routes=[
            Route("/", hello),
            Route("/admin", requires("admin")(hello)),
            Route("/metrics", scrape),
        ]
    ),
    issuer={issuer!r},
    audience={audience!r},
    public_paths=["/metrics"],
    listener=metrics,
)
"""

ALONE = """
metrics, registry = PrometheusMetrics(), REGISTRY
"""

# As the guide shows it.
SHARED = """
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

metrics = PrometheusMetrics()
registry = CollectorRegistry()
MultiProcessCollector(registry)
registry.register(metrics.gauges)
"""


@pytest.fixture(scope="module")
def served_issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(audience=AUDIENCE, key=SigningKey.generate("RS256"))
    with issuer.serve():
        yield issuer


def load(server: RunningServer, issuer: MockIssuer) -> None:
    """Requests by eight clients, good and bad ones."""
    token = issuer.access_token()
    kinds = [("/", token), ("/admin", token), ("/", None), ("/", "opaque"), ("/", token)]
    requests = kinds * ROUNDS
    with ThreadPoolExecutor(8) as clients:
        answers = [*clients.map(lambda request: server.get(request[0], token=request[1]), requests)]
    assert answers == [200, 403, 401, 401, 200] * ROUNDS


def exposition(server: RunningServer) -> str:
    answer = httpx.get(f"{server.url}/metrics", trust_env=False, timeout=10, verify=False)
    assert answer.status_code == 200
    return answer.text


def check_counts(samples: Samples, issuer: MockIssuer) -> None:
    """The counts of one `load`."""
    request = {"scheme": "bearer", "connection": "http"}
    counted = {
        (outcome, reason): value(
            samples, "requests_total", outcome=outcome, reason=reason, issuer=name, **labels
        )
        for outcome, reason, name, labels in (
            ("accepted", "", issuer.issuer, request),
            ("refused", "malformed", issuer.issuer, request),
            ("refused", "missing_token", "_other", {**request, "scheme": "none"}),
        )
    }
    counted["", "route"] = value(
        samples,
        "route_refusals_total",
        reason="insufficient_scope",
        issuer=issuer.issuer,
        connection="http",
    )
    assert counted == {
        ("accepted", ""): 3 * ROUNDS,
        ("refused", "malformed"): ROUNDS,
        ("refused", "missing_token"): ROUNDS,
        ("", "route"): ROUNDS,
    }


def test_it_is_scraped_from_a_server_under_load(served_issuer: MockIssuer, tmp_path: Path) -> None:
    """N2-N5: the text exposition over HTTP."""
    program = PROGRAM.format(registry=ALONE, issuer=served_issuer.issuer, audience=AUDIENCE)
    with running(SERVERS[0], tmp_path, program=program) as server:
        server.wait_until_it_answers()
        # Clients that come while the keys are fetched would all find the token unknown.
        for _ in range(2):
            assert server.get(token=served_issuer.access_token(subject="first")) == 200
        before = parsed(exposition(server))
        load(server, served_issuer)
        samples = parsed(exposition(server))
    for key in samples:
        if key[0] in COUNTED:
            samples[key] -= before.get(key, 0)
    check_counts(samples, served_issuer)
    assert value(samples, "key_set_state", key_set=served_issuer.issuer, state="fresh") == 1
    fetched = value(
        samples,
        "key_set_fetches_total",
        key_set=served_issuer.issuer,
        outcome="success",
        error_type="",
    )
    assert fetched == 1
    hits = value(samples, "token_cache_lookups_total", result="hit")
    misses = value(samples, "token_cache_lookups_total", result="miss")
    assert hits is not None
    assert misses is not None
    assert hits + misses == 3 * ROUNDS
    assert hits > misses


def _missing() -> dict[str, str]:
    return {
        "outcome": "refused",
        "reason": "missing_token",
        "issuer": "_other",
        "scheme": "none",
        "connection": "http",
    }


TWO_WORKERS = Server(
    "uvicorn", ("uvicorn",), "uvicorn --workers 2 --host 127.0.0.1 --port {port} app:app"
)


@only_in_ci()
def test_several_workers_are_summed(
    served_issuer: MockIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: whichever worker answers the scrape."""
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(shared))
    program = PROGRAM.format(registry=SHARED, issuer=served_issuer.issuer, audience=AUDIENCE)
    with running(TWO_WORKERS, tmp_path, program=program) as server:
        server.wait_until_it_answers()
        before = parsed(exposition(server))
        load(server, served_issuer)
        samples = parsed(exposition(server))
        key = ("asgi_jwks_requests_total", frozenset(_missing().items()))
        samples[key] -= before[key]
        check_counts(samples, served_issuer)
        # A worker that has started late has no keys yet.
        state = {"key_set": served_issuer.issuer, "state": "fresh"}
        for _ in range(200):
            server.get(token=served_issuer.access_token())
            if value(parsed(exposition(server)), "key_set_state", **state) == 1:
                break
        else:
            raise AssertionError("no worker has keys")
        server.stop(by=signal.SIGTERM)
