"""How the demo looks: a line for each request, in colour where there is colour.

It does not know which answers are right; it is told. Everything is ASCII, and at most 80 columns
wide, so that a pipe and a terminal of any greater width show the same. Only lines to paste are
longer: they stay whole.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from asgi_jwks.cli.demo.exchange import Exchange
from asgi_jwks.cli.demo.instructions import environment, middleware

__all__ = ["Report"]

# Columns: a mark, a title, a status with an error code (at most "403 insufficient_scope"), fetches.
_WIDTH: Final = 80
_MARK: Final = 6
_ANSWER: Final = 23
_FETCHES: Final = 8
_NARROWEST_TITLE: Final = 20

# A token is a credential, also in a scrollback: only its beginning is shown.
_SHOWN: Final = 12


class Report:
    """Writes the demo to a console, line by line as it goes.

    Args:
        console: where to write; standard output unless given.
        verbose: show each request with its whole answer, not only the first of each status.
    """

    def __init__(self, console: Console | None = None, *, verbose: bool = False) -> None:
        self._console = Console(highlight=False) if console is None else console
        self._verbose = verbose
        self._width = min(self._console.width, _WIDTH)
        self._title = self._width - _MARK - _ANSWER - _FETCHES
        self._shown: set[int] = set()

    def opening(self, *, api: str, issuer: str) -> None:
        """Say where both servers are, that time is simulated, and how to read the report."""
        self._line(Text.assemble(("asgi-jwks demo", "bold"), ": real requests over loopback HTTP"))
        self._paragraph(f"protected API  {api}    mock issuer  {issuer}")
        self._paragraph('"+1 fetch": the API fetched keys. "Later" is simulated: by its clock.')

    def section(self, title: str) -> None:
        """Begin a section."""
        self._console.print()
        self._line(Text(title, "bold underline"))

    def step(self, title: str, exchange: Exchange, differences: Sequence[str]) -> None:
        """Show one request with its answer, and its differences from the right one.

        The header field or the body that matters is shown for the first answer of each status, and
        for each that is wrong.
        """
        self._summary(title, exchange, wrong=bool(differences))
        whole = self._verbose or bool(differences)
        if whole:
            self._detail(Text(_request(exchange)))
            self._detail(Text(f"{exchange.status} {exchange.phrase}"))
        if whole or exchange.status not in self._shown:
            self._detail(Text(_answer(exchange), "cyan"))
        if whole:
            self._detail(Text(f"JWKS fetches so far: {exchange.fetches}", "dim"))
        self._shown.add(exchange.status)
        for difference in differences:
            self._detail(Text(difference, "bold red"))

    def verdict(self, *, steps: int, wrong: int) -> None:
        """Say how many answers were right."""
        self._console.print()
        if wrong:
            self._line(Text(f"{wrong} of {steps} answers were WRONG.", "bold red"))
        else:
            self._line(Text(f"All {steps} answers were as they should be.", "bold green"))

    def next_steps(self) -> None:
        """Say how to protect an app, and where to read on."""
        self.note("To protect an ASGI app of your own, write at the end of its module:")
        self._lines(
            middleware(issuer="https://example.eu.auth0.com/", audience="https://api.example.com")
        )
        self._console.print()
        self._line(Text("asgi-jwks demo --serve    an issuer for your app, and curl lines"))
        self._line(Text("asgi-jwks demo --verbose  each request with its whole answer"))
        self._line(Text("docs/ and examples/       every setting; one program per framework"))

    def own_app(self, *, issuer: str, audience: str) -> None:
        """Say how to point an app at this issuer."""
        self.note("To point an app of your own at this issuer, write at the end of its module:")
        self._lines(middleware(issuer=issuer, audience=audience))
        self.note("or app = JWTBearerMiddleware(app, **settings_from_env()), and start it with:")
        self._lines(environment(issuer=issuer, audience=audience))
        self.note("Tokens for it are in the curl lines. --issuer-port 9000 keeps the address.")

    def commands(self, commands: Iterable[tuple[str, str]]) -> None:
        """Print commands to paste, each on one line whatever the width, under a comment."""
        for comment, command in commands:
            self._console.print()
            self._line(Text(f"# {comment}", "dim"))
            self._whole(command)

    def note(self, text: str) -> None:
        """Say something."""
        self._console.print()
        self._paragraph(text)

    def _summary(self, title: str, exchange: Exchange, *, wrong: bool) -> None:
        mark = Text("WRONG ", "bold red") if wrong else Text("ok    ", "green")
        answer = Text(f"{exchange.status} {exchange.error or ''}".rstrip(), _colour(exchange))
        if exchange.new_fetches:
            answer.pad_right(_ANSWER - len(answer))
            answer.append(f"+{exchange.new_fetches} fetch", "dim")
        if self._title < _NARROWEST_TITLE:
            self._hanging(mark, Text(title))
            self._detail(answer)
            return
        first, *others = Text(title).wrap(self._console, self._title)
        first.rstrip()
        first.pad_right(self._title - len(first))
        self._line(mark + first + answer)
        for other in others:
            self._detail(other)

    def _detail(self, text: Text) -> None:
        self._hanging(Text(" " * _MARK), text)

    def _hanging(self, margin: Text, text: Text) -> None:
        """Print `text` to the right of a margin that only the first line fills."""
        for line in text.wrap(self._console, max(self._width - _MARK, _MARK)):
            line.rstrip()
            self._line(margin + line)
            margin = Text(" " * _MARK)

    def _paragraph(self, text: str) -> None:
        for line in Text(text).wrap(self._console, self._width):
            line.rstrip()
            self._line(line)

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._whole(line)

    def _whole(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)

    def _line(self, text: Text) -> None:
        self._console.print(text)


def _request(exchange: Exchange) -> str:
    if exchange.token is None:
        return f"GET {exchange.path}"
    return f"GET {exchange.path}  Authorization: {exchange.scheme} {exchange.token[:_SHOWN]}..."


def _answer(exchange: Exchange) -> str:
    """The field of the answer that instructs a client, or else the body."""
    if exchange.challenge is not None:
        return f"WWW-Authenticate: {exchange.challenge}"
    if exchange.retry_after is not None:
        return f"Retry-After: {exchange.retry_after}"
    return exchange.body


def _colour(exchange: Exchange) -> str:
    return {2: "green", 4: "yellow"}.get(exchange.status // 100, "red")
