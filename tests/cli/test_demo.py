import io
import re
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from rich.console import Console

from asgi_jwks.cli import demo as demo_module
from asgi_jwks.cli.api import AdjustableClock, protected_api
from asgi_jwks.cli.demo import demo, play
from asgi_jwks.cli.report import Report
from asgi_jwks.cli.stage import Expected, Stage, Step
from asgi_jwks.cli.story import STORY, Chapter
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
        found = re.search(pattern, self.text)
        assert found is not None
        return found.group(1)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def stage() -> Iterator[Stage]:
    issuer = MockIssuer()
    clock = AdjustableClock()
    with issuer.serve() as url:
        api = protected_api(url, audience="https://api.example.com", clock=clock)
        with serve_app(api) as origin, httpx.Client(base_url=origin) as client:
            yield Stage(issuer, client, clock)


def test_the_story_is_told_with_every_answer_right(screen: Screen) -> None:
    """B1, B7, D3, D4, F5, F6, G2, G5, G6, G8: over real HTTP."""
    assert demo(report=screen.report)
    steps = sum(len(chapter.steps) for chapter in STORY)
    assert screen.text.count("\nok    ") == steps
    assert "WRONG" not in screen.text
    for status in ("200 OK", "401 Unauthorized", "403 Forbidden", "503 Service Unavailable"):
        assert status in screen.text


def test_a_wrong_answer_is_marked_and_makes_the_story_wrong(stage: Stage, screen: Screen) -> None:
    steps = (
        Step("no token", lambda _: None, Expected(200)),
        Step("a token", lambda stage: stage.issuer.access_token(), Expected(200)),
    )
    assert not play(stage, report=screen.report, story=[Chapter("one is wrong", steps)])
    assert "WRONG no token" in screen.text
    assert "the status should be 200" in screen.text
    assert "1 of 2 answers were WRONG." in screen.text


@pytest.fixture
def no_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "play", lambda *_, **__: True)


@pytest.mark.usefixtures("no_story")
def test_the_servers_stay_until_they_are_told_to_stop(screen: Screen) -> None:
    answered = []

    def do_as_the_lines_say() -> None:
        """With a client instead of curl."""
        for status, line in re.findall(r"# (\d+): .*\n(curl .*)\n", screen.text):
            words = shlex.split(line)
            headers = dict(word.split(": ") for word in words if ": " in word)
            answered.append((httpx.get(words[-1], headers=headers).status_code, int(status)))

    assert demo(report=screen.report, stay=True, until=do_as_the_lines_say)
    assert answered == [(status, status) for status in (200, 200, 403, 401, 401)]
    with pytest.raises(httpx.ConnectError):
        httpx.get(screen.find(r"protected API  (\S+)"))


@pytest.mark.usefixtures("no_story")
def test_the_token_line_buys_a_token_that_the_api_accepts(screen: Screen) -> None:
    statuses = []

    def buy() -> None:
        form = {"grant_type": "password", "username": "alice", "password": "wonderland"}
        url = screen.find(r"curl -d grant_type=password .*? (\S+)\n")
        token = httpx.post(url, data=form).json()["access_token"]
        api = screen.find(r"protected API  (\S+)")
        headers = {"Authorization": f"Bearer {token}"}
        statuses.append(httpx.get(f"{api}/me", headers=headers).status_code)

    assert demo(report=screen.report, stay=True, until=buy)
    assert statuses == [200]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, though a shell started the tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("no_story", "interruptible")
def test_ctrl_c_ends_the_serving_cleanly() -> None:
    waiting = demo_module._wait.__code__
    last_line = max(line for _, _, line in waiting.co_lines() if line is not None)
    main_thread = threading.main_thread().ident or 0

    def press_when_it_waits() -> None:
        while True:
            frame = sys._current_frames()[main_thread]
            if frame.f_code is waiting and frame.f_lineno == last_line:
                signal.pthread_kill(main_thread, signal.SIGINT)
                return

    class Impatient(Report):
        def note(self, text: str) -> None:
            super().note(text)
            if "Ctrl-C" in text:
                threading.Thread(target=press_when_it_waits).start()

    out = io.StringIO()
    assert demo(report=Impatient(Console(file=out, highlight=False)), stay=True)
    assert out.getvalue().endswith("\nStopped.\n")


@pytest.mark.usefixtures("no_story")
def test_the_ports_can_be_chosen(screen: Screen) -> None:
    with MockIssuer(algorithm="ES256").serve() as url:
        free = urlsplit(url).port or 0
    assert demo(report=screen.report, issuer_port=free)
    assert screen.find(r"mock issuer    (\S+)") == f"http://127.0.0.1:{free}/"
