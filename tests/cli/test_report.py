import io
from collections.abc import Callable

import pytest
from rich.console import Console

from asgi_jwks.cli.report import Report
from asgi_jwks.cli.stage import Exchange

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0." + "x" * 90
REFUSED = Exchange(
    path="/messages",
    token=TOKEN,
    status=403,
    phrase="Forbidden",
    challenge='Bearer realm="api", error="insufficient_scope", scope="read:messages"',
    retry_after=None,
    body="",
    new_fetches=0,
    fetches=4,
)
UNAVAILABLE = Exchange(
    path="/me",
    token=None,
    status=503,
    phrase="Service Unavailable",
    challenge=None,
    retry_after="3",
    body="",
    new_fetches=2,
    fetches=6,
)


def written(write: Callable[[Report], None], *, width: int = 80, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        highlight=False,
    )
    write(Report(console))
    return out.getvalue()


def test_a_step_shows_request_status_challenge_and_fetches() -> None:
    text = written(lambda report: report.step("without the scope", REFUSED, []))
    assert text == (
        "\n"
        "ok    without the scope\n"
        "      GET /messages  Authorization: Bearer eyJhbGciOiJu...\n"
        "      403 Forbidden\n"
        '      WWW-Authenticate: Bearer realm="api", error="insufficient_scope",\n'
        '      scope="read:messages"\n'
        "      JWKS fetches so far: 4\n"
    )


def test_an_unavailable_answer_shows_when_to_come_back() -> None:
    text = written(lambda report: report.step("an outage", UNAVAILABLE, []))
    assert "      GET /me\n" in text
    assert "      503 Service Unavailable, Retry-After: 3\n" in text
    assert "      JWKS fetches so far: 6 (+2)\n" in text


def test_a_wrong_step_is_marked_with_what_is_wrong() -> None:
    text = written(lambda report: report.step("t", REFUSED, ["the status should be 200"]))
    assert text.startswith("\nWRONG t\n")
    assert text.endswith("      the status should be 200\n")


def test_no_token_is_shown_whole() -> None:
    """H1: a token is a credential, also on a screen."""
    assert TOKEN[:20] not in written(lambda report: report.step("t", REFUSED, []))


@pytest.mark.parametrize("width", [20, 40])
def test_a_narrow_terminal_gets_narrow_lines(width: int) -> None:
    text = written(lambda report: report.step("a title of " + "x " * 40, REFUSED, []), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert all(line == line.rstrip() for line in text.splitlines())


def test_there_is_colour_only_in_a_terminal() -> None:
    assert "\x1b[" not in written(lambda report: report.step("t", REFUSED, []))
    assert "\x1b[" in written(lambda report: report.step("t", REFUSED, []), terminal=True)


def test_what_a_server_says_is_never_taken_for_markup() -> None:
    marked = written(lambda report: report.note("[red]literally[/red]"))
    assert marked == "\n[red]literally[/red]\n"


def test_commands_stay_on_one_line_whatever_the_width() -> None:
    command = "curl -i -H 'Authorization: Bearer " + "x" * 500 + "' http://127.0.0.1:8000/me"
    text = written(lambda report: report.commands([("what it shows", command)]), width=40)
    assert text == f"\n# what it shows\n{command}\n"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(0, "All 9 answers were as they should be."), (2, "2 of 9 answers were WRONG.")],
)
def test_the_verdict_counts(wrong: int, words: str) -> None:
    assert written(lambda report: report.verdict(steps=9, wrong=wrong)) == f"\n{words}\n"


def test_the_opening_says_what_runs_where() -> None:
    text = written(lambda report: report.opening(api="http://a", issuer="http://b/"))
    assert "protected API  http://a\n" in text
    assert "mock issuer    http://b/\n" in text
