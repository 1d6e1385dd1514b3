"""`asgi-jwks demo`: starts the servers, sends the requests, and serves on if asked to.

It does not know the requests, nor how they are shown.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

import httpx

from asgi_jwks import DPoP
from asgi_jwks.cli.console.serving import served_console, served_laboratory
from asgi_jwks.cli.demo.exchange import Participants
from asgi_jwks.cli.demo.instructions import curl_commands
from asgi_jwks.cli.demo.record import Reporter
from asgi_jwks.cli.demo.scenario import PUBLIC_ORIGIN, SCENARIO, Section
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.testing import MockIssuer

__all__ = ["run", "run_steps", "wait_for_ctrl_c"]

_AUDIENCE: Final = "https://api.example.com"


def wait_for_ctrl_c(sleep: Callable[[float], object] = time.sleep) -> None:
    """Wait until KeyboardInterrupt is raised."""
    # Sleep notices Ctrl-C on every platform; waiting for a lock or an event does not.
    while True:
        sleep(3600)


def run(
    report: Reporter,
    *,
    api_port: int = 0,
    issuer_port: int = 0,
    serve: bool = False,
    scenario: Iterable[Section] = SCENARIO,
    wait: Callable[[], object] = wait_for_ctrl_c,
) -> bool:
    """Run the demo on two loopback ports; returns whether every answer was right.

    Args:
        report: shows it.
        api_port: the port of the API; 0 lets the system choose.
        issuer_port: the port of the mock issuer; 0 lets the system choose.
        serve: both servers run on afterwards, until `wait` returns or Ctrl-C is pressed.
        scenario: the requests.
        wait: returns when the serving shall end.

    Raises:
        OSError: a port is taken.
    """
    # Failures belong to the demo, and the report shows them: no log lines in between.
    logging.getLogger("asgi_jwks").addHandler(logging.NullHandler())
    issuer = MockIssuer(audience=_AUDIENCE)
    # One algorithm, so that a challenge has room on a line.
    dpop = DPoP(public_origin=PUBLIC_ORIGIN, algorithms=["ES256"])
    with (
        issuer.serve(port=issuer_port) as issuer_url,
        served_laboratory(issuer, port=api_port, dpop=dpop) as laboratory,
        # A proxy of the environment cannot reach the loopback of this machine.
        httpx.Client(base_url=laboratory.api, trust_env=False, verify=no_tls()) as client,
    ):
        report.opening(api=laboratory.api, issuer=issuer_url)
        right = run_steps(Participants(issuer, client, laboratory.clock), report, scenario)
        if serve:
            report.own_app(issuer=issuer_url, audience=_AUDIENCE)
            report.commands(curl_commands(issuer, api=laboratory.api))
            try:
                with served_console(laboratory) as page:
                    report.commands([("a page to mint tokens, break the issuer, watch", page)])
                    report.note("All servers are running. Press Ctrl-C to stop them.")
                    wait()
            except KeyboardInterrupt:
                report.note("Stopped.")
        else:
            report.next_steps()
    return right


def run_steps(participants: Participants, report: Reporter, scenario: Iterable[Section]) -> bool:
    """Run and show every step; returns whether every answer was right."""
    steps = wrong = 0
    for section in scenario:
        report.section(section.title)
        for step in section.steps:
            exchange = step.run(participants)
            differences = step.expected.differences(exchange)
            report.step(step.title, exchange, differences)
            steps += 1
            wrong += bool(differences)
    report.verdict(steps=steps, wrong=wrong)
    return not wrong
