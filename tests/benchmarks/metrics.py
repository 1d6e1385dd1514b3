"""What a listener costs a hot request: none, an empty one, Prometheus and OpenTelemetry.

    uv run python -m tests.benchmarks.metrics

The ratio of each over no listener is the median of the differences within one round. With
`--flood`, a hundred thousand refused requests are sent instead, each with names of its own, and the
series and log lines that they add are counted.
"""

import argparse
import asyncio
import logging
import statistics
from collections.abc import Callable

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry
from tests.support.flood import flood

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.events import Event, Listener
from asgi_jwks.integrations.opentelemetry import OpenTelemetry
from asgi_jwks.integrations.prometheus import PrometheusMetrics

from .cases import everyday_cases
from .driver import bare_app, cpu_per_request, status_of
from .jwks_endpoint import serving
from .machine import machine_state
from .rounds import raw_verification_ns
from .tokens import AUDIENCE, ISSUER, Mint

# Requests of one turn: long against the clock's resolution, short against the machine's moods.
TURN = 2000

# Requests of a flood after which every series and line is there that it can cause.
FIRST = 1000


def _nothing(event: Event) -> None: ...


def _prometheus() -> Listener:
    return PrometheusMetrics(CollectorRegistry())


def _opentelemetry(*, cached_durations: bool = False) -> Listener:
    provider = MeterProvider([InMemoryMetricReader()])
    return OpenTelemetry(provider, cached_durations=cached_durations)


LISTENERS: dict[str, Callable[[], Listener | None]] = {
    "no listener": lambda: None,
    "a listener that does nothing": lambda: _nothing,
    "Prometheus": _prometheus,
    "OpenTelemetry, metrics": _opentelemetry,
    "OpenTelemetry, metrics with cached_durations": lambda: _opentelemetry(cached_durations=True),
    "OpenTelemetry, without an SDK": OpenTelemetry,
}


async def measure(jwks_uri: str, mint: Mint, rounds: int) -> dict[str, tuple[float, float]]:
    """The cost of each listener: in raw RSA verifications, and in microseconds."""
    hot, _, _ = everyday_cases(mint, 8)
    token = hot.tokens[0]
    apps = {}
    for name, listener in LISTENERS.items():
        app = JWTBearerMiddleware(
            bare_app, issuer=ISSUER, audience=AUDIENCE, jwks_uri=jwks_uri, listener=listener()
        )
        if {await status_of(app, token) for _ in range(100)} != {200}:
            raise RuntimeError("a valid token is not accepted")
        apps[name] = app
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in apps}
    for _ in range(rounds):
        raw = raw_verification_ns(hot.unit)
        turns = {name: await cpu_per_request(app, [token] * TURN) for name, app in apps.items()}
        for name, nanoseconds in turns.items():
            over = nanoseconds - turns["no listener"]
            samples[name].append((over / raw, over / 1000))
    return {
        name: (statistics.median(r for r, _ in pairs), statistics.median(us for _, us in pairs))
        for name, pairs in samples.items()
    }


async def count_flood(jwks_uri: str, requests: int) -> None:
    """Count the series and lines after the first of the requests, and after all of them."""
    registry, lines = CollectorRegistry(), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("asgi_jwks").addHandler(handler)
    app = JWTBearerMiddleware(
        bare_app,
        issuer=ISSUER,
        audience=AUDIENCE,
        jwks_uri=jwks_uri,
        listener=PrometheusMetrics(registry),
    )
    sent = 0
    for number in (FIRST, requests):
        await flood(app, sent, number)
        sent = number
        series = sum(len(family.samples) for family in registry.collect())
        print(f"after {number} requests: {series} series, {len(lines)} log lines")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--flood", action="store_true")
    arguments = parser.parse_args()
    mint = Mint()
    if arguments.flood:
        with serving(mint.jwks()) as jwks_uri:
            asyncio.run(count_flood(jwks_uri, 100_000))
        return
    with serving(mint.jwks()) as jwks_uri:
        for key, value in machine_state(["cryptography", "prometheus-client"]).items():
            print(f"{key}: {value}")
        costs = asyncio.run(measure(jwks_uri, mint, arguments.rounds))
    print(f"\nCPU of a hot request over no listener; medians of {arguments.rounds} rounds\n")
    print("| listener | raw RSA-2048 verifications | microseconds |\n|---|---|---|")
    for name, (ratio, microseconds) in costs.items():
        print(f"| {name} | {ratio:.3f} | {microseconds:.2f} |")


if __name__ == "__main__":
    main()
