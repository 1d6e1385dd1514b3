import io
from collections.abc import Callable

import pytest
from rich.console import Console

from asgi_jwks.cli.demo.exchange import Exchange
from asgi_jwks.cli.demo.report import Report

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0." + "x" * 90
REFUSED = Exchange(
    path="/messages",
    token=TOKEN,
    status=403,
    phrase="Forbidden",
    challenge='Bearer realm="api", error="insufficient_scope", scope="read:messages write:all"',
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


def written(
    write: Callable[[Report], None],
    *,
    width: int = 80,
    terminal: bool = False,
    verbose: bool = False,
) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        highlight=False,
    )
    write(Report(console, verbose=verbose))
    return out.getvalue()


def show_both(report: Report) -> None:
    report.step("without the scope", REFUSED, [])
    report.step("an outage", UNAVAILABLE, [])


def test_a_step_is_one_line_and_the_first_of_its_kind_shows_what_the_client_is_told() -> None:
    def show_twice(report: Report) -> None:
        show_both(report)
        show_both(report)

    first = [
        "ok    without the scope                          403 insufficient_scope",
        '      WWW-Authenticate: Bearer realm="api", error="insufficient_scope",',
        '      scope="read:messages write:all"',
        "ok    an outage                                  503                    +2 fetch",
        "      Retry-After: 3",
    ]
    assert written(show_twice).splitlines() == [*first, first[0], first[3]]


def test_an_answer_without_a_challenge_shows_its_body() -> None:
    granted = Exchange(
        path="/me",
        token=TOKEN,
        status=200,
        phrase="OK",
        challenge=None,
        retry_after=None,
        body='{"sub":"a"}',
        new_fetches=0,
        fetches=1,
    )
    text = written(lambda report: report.step("t", granted, []))
    assert text.splitlines()[1:] == ['      {"sub":"a"}']


def test_verbose_shows_each_request_and_answer() -> None:
    def show_twice(report: Report) -> None:
        report.step("t", UNAVAILABLE, [])
        report.step("t", REFUSED, [])
        report.step("t", UNAVAILABLE, [])

    text = written(show_twice, verbose=True)
    assert text.count("      GET /me\n      503 Service Unavailable\n      Retry-After: 3\n") == 2
    assert "      GET /messages  Authorization: Bearer eyJhbGciOiJu...\n" in text
    assert "      JWKS fetches so far: 6\n" in text


def test_a_wrong_step_is_marked_and_shown_whole_with_what_is_wrong() -> None:
    def show(report: Report) -> None:
        report.step("t", REFUSED, [])
        report.step("t", REFUSED, ["the status should be 200"])

    wrong = written(show).partition("WRONG t ")[2]
    assert "      GET /messages  Authorization: Bearer eyJhbGciOiJu...\n" in wrong
    assert "      WWW-Authenticate: " in wrong
    assert wrong.endswith("      the status should be 200\n")


def test_no_token_is_shown_whole() -> None:
    """H1: a token is a credential, also on a screen."""
    text = written(lambda report: report.step("t", REFUSED, ["wrong"]), verbose=True)
    assert TOKEN[:12] in text
    assert TOKEN[:13] not in text


@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_narrow_terminal_gets_narrow_lines(width: int) -> None:
    text = written(lambda report: report.step("a title of " + "x " * 40, REFUSED, []), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "403" in text


def test_a_wide_terminal_gets_the_same_lines_as_a_pipe() -> None:
    def show(report: Report) -> None:
        report.opening(api="http://127.0.0.1:65535", issuer="http://127.0.0.1:65534/")
        show_both(report)
        report.next_steps()

    assert written(show, width=200) == written(show, width=80)


def test_there_is_colour_only_in_a_terminal() -> None:
    assert "\x1b[" not in written(lambda report: report.step("t", REFUSED, []))
    assert "\x1b[" in written(lambda report: report.step("t", REFUSED, []), terminal=True)


def test_what_a_server_says_is_never_taken_for_markup() -> None:
    marked = written(lambda report: report.note("[red]literally[/red]"))
    assert marked == "\n[red]literally[/red]\n"


def test_commands_stay_on_one_line_whatever_the_width() -> None:
    command = "curl -i -H 'Authorization: Bearer " + "x" * 500 + "' http://127.0.0.1:8000/me"
    text = written(lambda report: report.commands([("a comment", command)]), width=40)
    assert text == f"\n# a comment\n{command}\n"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(0, "All 9 answers were as they should be."), (2, "2 of 9 answers were WRONG.")],
    ids=["none-wrong", "two-wrong"],
)
def test_the_verdict_counts(wrong: int, words: str) -> None:
    assert written(lambda report: report.verdict(steps=9, wrong=wrong)) == f"\n{words}\n"


def test_the_opening_says_where_the_servers_are_and_that_time_is_simulated() -> None:
    text = written(lambda report: report.opening(api="http://a", issuer="http://b/"))
    assert "protected API  http://a    mock issuer  http://b/\n" in text
    assert '"Later" is simulated: by its clock.\n' in text


def test_the_end_says_what_to_do_next() -> None:
    text = written(Report.next_steps)
    assert "from asgi_jwks import JWTBearerMiddleware\n\napp = JWTBearerMiddleware(\n" in text
    assert 'issuer="https://example.eu.auth0.com/",\n' in text
    assert "asgi-jwks demo --serve " in text
    assert "docs/ and examples/ " in text
