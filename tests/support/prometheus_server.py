"""A real Prometheus on loopback that scrapes one server, and the program of that server."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.ports import reserved_port

__all__ = ["AUDIENCE", "PROGRAM", "Prometheus", "prometheus"]

ALERTS = Path(__file__).parents[2] / "docs" / "monitoring" / "alerts.yml"
AUDIENCE = "https://api.example.com"

# Seconds within which a sample must have come, on a very busy machine: a fetch that failed often is
# not tried again before a minute has passed.
PATIENCE = 150.0

PROGRAM = """
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, RemoteJWKSet
from asgi_jwks.integrations.prometheus import PrometheusMetrics


def hello(request):
    return PlainTextResponse("hello")


def scrape(request):
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/", hello), Route("/metrics", scrape)]),
    issuer={issuer!r},
    audience={audience!r},
    keys=RemoteJWKSet(issuer={issuer!r}, max_age={max_age}, max_stale={max_stale}),
    public_paths=["/metrics"],
    health_path="/health",
    listener=PrometheusMetrics(),
)
"""

CONFIGURATION = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms}}
rule_files: [{alerts}]
scrape_configs:
  - job_name: api
    static_configs: [{{targets: ["{target}"]}}]
"""


class Prometheus:
    """A Prometheus that answers queries."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        answer = httpx.get(
            f"{self.url}/api/v1/{path}",
            params=parameters,
            trust_env=False,
            timeout=10,
            verify=False,
        )
        return answer.json()["data"]

    def value(self, query: str) -> float | None:
        """The one value of a query; None while there is none, or nothing answers."""
        try:
            found = self.get("query", query=query)["result"]
        except (httpx.TransportError, json.JSONDecodeError):
            return None
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, query: str) -> float:
        """The value of a query, once it has one."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.value(query)
            if value is not None:
                return value
            # The samples come by themselves, a few in each second.
            time.sleep(0.05)
        raise AssertionError(f"no sample of {query}")


@contextmanager
def prometheus(folder: Path, *, target: str) -> Iterator[Prometheus]:
    """Start one that scrapes `target` five times a second, and end it."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed; Debian's package of this name has it")
    file = folder / "prometheus.yml"
    file.write_text(CONFIGURATION.format(alerts=ALERTS, target=target))
    with reserved_port() as port:
        address = f"127.0.0.1:{port}"
        process = subprocess.Popen(
            [
                program,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'samples'}",
                f"--web.listen-address={address}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Prometheus(f"http://{address}")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(30)
