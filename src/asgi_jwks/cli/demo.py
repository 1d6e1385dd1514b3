"""`asgi-jwks demo`: two servers, one client, one story.

What lives only here: starting everything, playing the story, and staying if asked to. What it
does not know: the steps, and how they look.
"""

import logging
import time
from collections.abc import Callable, Iterable

import httpx

from asgi_jwks.cli.api import AdjustableClock, protected_api
from asgi_jwks.cli.report import Report
from asgi_jwks.cli.stage import Stage
from asgi_jwks.cli.story import STORY, Chapter
from asgi_jwks.testing import MockIssuer, serve_app

__all__ = ["demo", "play"]

_AUDIENCE = "https://api.example.com"


def demo(
    *,
    api_port: int = 0,
    issuer_port: int = 0,
    stay: bool = False,
    report: Report | None = None,
    until: Callable[[], object] | None = None,
) -> bool:
    """Play the story on two loopback ports; returns whether every answer was right.

    With `stay`, both servers run on afterwards until `until` returns or Ctrl-C is pressed. Raises
    OSError when a port is taken.
    """
    report = Report() if report is None else report
    # Failures are part of the story, and the report tells it: no log lines in between.
    logging.getLogger("asgi_jwks").addHandler(logging.NullHandler())
    issuer = MockIssuer(audience=_AUDIENCE)
    clock = AdjustableClock()
    with issuer.serve(port=issuer_port) as issuer_url:
        api = protected_api(issuer_url, audience=_AUDIENCE, clock=clock)
        with serve_app(api, port=api_port) as api_url, httpx.Client(base_url=api_url) as client:
            report.opening(api=api_url, issuer=issuer_url)
            right = play(Stage(issuer, client, clock), report=report)
            if stay:
                report.commands(_commands(issuer, api_url))
                try:
                    report.note("Both servers are running. Press Ctrl-C to stop them.")
                    (until or _wait)()
                except KeyboardInterrupt:
                    report.note("Stopped.")
    return right


def play(stage: Stage, *, report: Report, story: Iterable[Chapter] = STORY) -> bool:
    """Play every step of the story, show it, and return whether all were right."""
    steps = wrong = 0
    for chapter in story:
        report.chapter(chapter.title)
        for step in chapter.steps:
            exchange = step.play(stage)
            differences = step.expected.differences(exchange)
            report.step(step.title, exchange, differences)
            steps += 1
            wrong += bool(differences)
    report.verdict(steps=steps, wrong=wrong)
    return not wrong


def _commands(issuer: MockIssuer, api: str) -> Iterable[tuple[str, str]]:
    def get(path: str, token: str) -> str:
        return f"curl -i -H 'Authorization: Bearer {token}' {api}{path}"

    yield "200: a token for an hour", get("/me", issuer.access_token(lifetime=3600))
    yield (
        "200: with the scope that /messages needs",
        get("/messages", issuer.access_token(scopes="read:messages", lifetime=3600)),
    )
    yield "403: without it", get("/messages", issuer.access_token(lifetime=3600))
    yield "401: expired", get("/me", issuer.access_token(lifetime=-60))
    yield "401: no token", f"curl -i {api}/me"
    yield (
        "a token for alice from the issuer, and a refresh token",
        f"curl -d grant_type=password -d username=alice -d password=wonderland "
        f"{issuer.url}oauth/token",
    )
    yield "the issuer's keys", f"curl {issuer.jwks_uri}"


def _wait() -> None:
    # Sleep notices Ctrl-C on every platform; waiting for a lock or an event does not.
    while True:
        time.sleep(3600)
