import io
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from rich.console import Console
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, settings_from_env
from asgi_jwks.cli.demo.api import SimulatedClock, protected_api
from asgi_jwks.cli.demo.exchange import Expected, Participants, Step
from asgi_jwks.cli.demo.report import Report
from asgi_jwks.cli.demo.run import run, run_steps, wait_for_ctrl_c
from asgi_jwks.cli.demo.scenario import SCENARIO, Section
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.testing import MockIssuer, serve_app


class Screen:
    """A report that is written to memory."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self.report = Report(Console(file=self._out, width=80, highlight=False))

    @property
    def text(self) -> str:
        return self._out.getvalue()

    def find(self, pattern: str) -> str:
        found = re.search(pattern, self.text, re.DOTALL)
        assert found is not None
        return found.group(1)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def participants() -> Iterator[Participants]:
    issuer = MockIssuer()
    clock = SimulatedClock()
    with issuer.serve() as url:
        api = protected_api(url, audience="https://api.example.com", clock=clock)
        with (
            serve_app(api) as origin,
            httpx.Client(base_url=origin, trust_env=False, verify=no_tls()) as client,
        ):
            yield Participants(issuer, client, clock)


def get(url: str, token: str | None = None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(url, headers=headers, trust_env=False, verify=no_tls()).status_code


def test_every_answer_of_the_demo_is_right(screen: Screen) -> None:
    """B1, B7, D3, D4, F5, F6, G2, G5, G6, G8: over real HTTP."""
    assert run(screen.report)
    steps = sum(len(section.steps) for section in SCENARIO)
    assert screen.text.count("\nok    ") == steps
    assert "WRONG" not in screen.text
    for answer in ("200", "401 invalid_token", "403 insufficient_scope", "503"):
        assert f" {answer}" in screen.text
    assert "asgi-jwks demo --serve" in screen.text
    # Two screens of 30 lines and 80 columns.
    assert len(screen.text.splitlines()) <= 60
    assert max(map(len, screen.text.splitlines())) <= 80


def test_the_titles_fit_their_column() -> None:
    titles = [step.title for section in SCENARIO for step in section.steps]
    assert [title for title in titles if len(title) > 42] == []


def test_a_wrong_answer_is_marked_and_makes_the_demo_wrong(
    participants: Participants, screen: Screen
) -> None:
    steps = (
        Step("no token", lambda _: None, Expected(200)),
        Step("a token", lambda participants: participants.issuer.access_token(), Expected(200)),
    )
    assert not run_steps(participants, screen.report, [Section("one is wrong", steps)])
    assert "WRONG no token" in screen.text
    assert "the status should be 200" in screen.text
    assert "1 of 2 answers were WRONG." in screen.text


def test_the_servers_run_on_until_they_shall_stop(screen: Screen) -> None:
    answered = []

    def do_as_the_lines_say() -> None:
        """With a client instead of curl."""
        for status, line in re.findall(r"# (\d+): .*\n(curl .*)\n", screen.text):
            words = shlex.split(line)
            token = next((word.split()[-1] for word in words if word.startswith("Auth")), None)
            answered.append((get(words[-1], token), int(status)))

    assert run(screen.report, serve=True, scenario=(), wait=do_as_the_lines_say)
    assert answered == [(status, status) for status in (200, 200, 403, 401, 401)]
    with pytest.raises(httpx.ConnectError):
        get(screen.find(r"protected API  (\S+)"))


def test_the_token_line_gets_a_token_that_the_api_accepts(screen: Screen) -> None:
    statuses = []

    def get_a_token() -> None:
        form = {"grant_type": "password", "username": "alice", "password": "wonderland"}
        url = screen.find(r"curl -d grant_type=password [^\n]* (\S+)\n")
        token = httpx.post(url, data=form, trust_env=False, verify=no_tls()).json()["access_token"]
        api = screen.find(r"protected API  (\S+)")
        statuses.append(get(f"{api}/me", token))

    assert run(screen.report, serve=True, scenario=(), wait=get_a_token)
    assert statuses == [200]


async def hello(_: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.mark.parametrize("form", ["options", "environment"])
def test_the_lines_for_an_own_app_point_it_at_the_issuer(screen: Screen, form: str) -> None:
    """As a user would paste them."""
    statuses = []

    def own_app() -> Any:
        app = Starlette(routes=[Route("/", hello)])
        if form == "options":
            names: dict[str, Any] = {"app": app}
            exec(screen.find(r"(from asgi_jwks import .*?\n\)\n)"), names)
            return names["app"]
        exports = dict(re.findall(r"^export (\w+)=(\S+)$", screen.text, re.MULTILINE))
        return JWTBearerMiddleware(app, **settings_from_env(environ=exports))

    def use_it() -> None:
        token = screen.find(r"# 200: a token[^\n]*\n[^\n]*Bearer (\S+)'")
        with serve_app(own_app()) as url:
            statuses.extend([get(url), get(url, token)])

    assert run(screen.report, serve=True, scenario=(), wait=use_it)
    assert statuses == [401, 200]


def test_ctrl_c_while_serving_ends_it_with_a_word(screen: Screen) -> None:
    def ctrl_c(_: float) -> None:
        raise KeyboardInterrupt

    assert run(screen.report, serve=True, scenario=(), wait=lambda: wait_for_ctrl_c(ctrl_c))
    assert screen.text.endswith("\nStopped.\n")


def test_waiting_goes_on_when_a_sleep_is_over() -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait_for_ctrl_c(sleep)
    assert len(slept) == 3


def test_the_ports_can_be_chosen(screen: Screen) -> None:
    with MockIssuer(algorithm="ES256").serve() as url:
        free = urlsplit(url).port or 0
    assert run(screen.report, issuer_port=free, scenario=())
    assert screen.find(r"mock issuer  (\S+)") == f"http://127.0.0.1:{free}/"
