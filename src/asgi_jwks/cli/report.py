"""How the demo looks in a terminal: plain words, coloured where there is colour.

What lives only here: layout. What it does not know: what is right or wrong, which it is told.
Everything is ASCII and made of wrapped lines, so that any width and any pipe will do.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from asgi_jwks.cli.stage import Exchange

__all__ = ["Report"]

# A token is a credential, also in a scrollback: only its beginning is shown.
_SHOWN = 12
_INDENT = 6


class Report:
    """Writes the demo to a console, line by line as it goes."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = Console(highlight=False) if console is None else console

    def opening(self, *, api: str, issuer: str) -> None:
        """Say what runs where."""
        self._line(Text.assemble(("asgi-jwks demo", "bold"), ": real requests over loopback HTTP"))
        self._line(Text(f"protected API  {api}"))
        self._line(Text(f"mock issuer    {issuer}"))

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._console.print()
        self._line(Text(title, "bold underline"))

    def step(self, title: str, exchange: Exchange, differences: Sequence[str]) -> None:
        """Show one request with its answer, and what is wrong about it."""
        mark = Text("WRONG ", "bold red") if differences else Text("ok    ", "green")
        self._console.print()
        self._hanging(mark, Text(title, "bold"))
        self._detail(Text(_request(exchange)))
        answer = Text(f"{exchange.status} {exchange.phrase}", _colour(exchange.status))
        if exchange.retry_after is not None:
            answer.append(f", Retry-After: {exchange.retry_after}", "")
        if exchange.status == 200:
            answer.append(f" {exchange.body}", "default")
        self._detail(answer)
        if exchange.challenge is not None:
            self._detail(Text(f"WWW-Authenticate: {exchange.challenge}", "cyan"))
        self._detail(Text(_fetches(exchange), "dim"))
        for difference in differences:
            self._detail(Text(difference, "bold red"))

    def verdict(self, *, steps: int, wrong: int) -> None:
        """Close the story."""
        self._console.print()
        if wrong:
            self._line(Text(f"{wrong} of {steps} answers were WRONG.", "bold red"))
        else:
            self._line(Text(f"All {steps} answers were as they should be.", "bold green"))

    def commands(self, commands: Iterable[tuple[str, str]]) -> None:
        """Print commands to paste, each on one line whatever the width, under what it shows."""
        for what, command in commands:
            self._console.print()
            self._line(Text(f"# {what}", "dim"))
            self._console.print(Text(command), soft_wrap=True)

    def note(self, text: str) -> None:
        """Say something after an empty line."""
        self._console.print()
        self._line(Text(text))

    def _line(self, text: Text) -> None:
        self._console.print(text)

    def _detail(self, text: Text) -> None:
        self._hanging(Text(" " * _INDENT), text)

    def _hanging(self, margin: Text, text: Text) -> None:
        """Print `text` to the right of a margin that only the first line fills."""
        width = max(self._console.width - _INDENT, _INDENT)
        for line in text.wrap(self._console, width):
            line.rstrip()
            self._line(margin + line)
            margin = Text(" " * _INDENT)


def _request(exchange: Exchange) -> str:
    if exchange.token is None:
        return f"GET {exchange.path}"
    return f"GET {exchange.path}  Authorization: Bearer {exchange.token[:_SHOWN]}..."


def _fetches(exchange: Exchange) -> str:
    new = f" (+{exchange.new_fetches})" if exchange.new_fetches else ""
    return f"JWKS fetches so far: {exchange.fetches}{new}"


def _colour(status: int) -> str:
    return {2: "green", 4: "yellow"}.get(status // 100, "red")
