"""Plays an outage in front of a real Prometheus, and takes a picture of its expression browser.

    uv run python -m tests.support.outage docs/monitoring/outage.png

It needs Debian's packages `prometheus` and `chromium`, and takes a minute.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.support.prometheus_server import AUDIENCE, PROGRAM, prometheus
from tests.support.servers import SERVERS, RunningServer, running

from asgi_jwks.testing import MockIssuer, SigningKey

__all__ = ["main"]

GRAPHS = (
    "sum by (outcome, reason) (rate(asgi_jwks_requests_total[5s]))",
    "asgi_jwks_key_set_trust_remaining_seconds",
    "sum by (outcome, error_type) (asgi_jwks_key_set_fetches_total)",
)


def load(server: RunningServer, issuer: MockIssuer, seconds: float) -> None:
    """Good requests, and some without a token and with one for another API."""
    token, other = issuer.access_token(), issuer.access_token(audience="other")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for one in (token, token, token, other, None):
            server.get(token=one)
        time.sleep(0.1)


def main() -> None:
    """Play it and take the picture."""
    picture = Path(sys.argv[1]).resolve()
    issuer = MockIssuer(audience=AUDIENCE, key=SigningKey.generate("RS256"))
    with issuer.serve(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = PROGRAM.format(
            issuer=issuer.issuer, audience=AUDIENCE, max_age=4.0, max_stale=12.0
        )
        with running(SERVERS[0], folder, program=program) as server:
            server.wait_until_it_answers()
            target = server.url.removeprefix("http://")
            with prometheus(folder, target=target) as seen:
                load(server, issuer, 12)
                issuer.jwks.fail(500)
                load(server, issuer, 24)
                issuer.reset()
                load(server, issuer, 24)
                parameters = {
                    f"g{number}.{key}": value
                    for number, expression in enumerate(GRAPHS)
                    for key, value in {
                        "expr": expression,
                        "tab": "0",
                        "range_input": "65s",
                        "step_input": "1",
                    }.items()
                }
                subprocess.run(
                    [
                        *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
                        "--window-size=1200,2350",
                        "--virtual-time-budget=8000",
                        f"--screenshot={picture}",
                        f"{seen.url}/graph?{urlencode(parameters)}",
                    ],
                    check=True,
                    capture_output=True,
                    timeout=120,
                )


if __name__ == "__main__":
    main()
