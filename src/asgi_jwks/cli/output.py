"""The output of commands: text for people, JSON for programs, and the exit status.

Results are frozen values, and their JSON follows from their fields, so that a schema can follow
from their types.
"""

import json
import logging
import re
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import DataclassInstance
    from rich.console import Console

__all__ = [
    "FORMAT",
    "CannotTell",
    "Failure",
    "Status",
    "as_json",
    "console",
    "json_option",
    "quiet_logs",
    "redacted",
    "say",
    "tell",
]

R = TypeVar("R", bound="DataclassInstance")

FORMAT: Final = 1
"""The version of the JSON: raised by a change that breaks its readers."""

# Three parts of base64url, the first of them a JSON object: `{"` is `ey` in base64.
_TOKEN: Final = re.compile(r"(ey[A-Za-z0-9_-]{10})[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)+")


class Status(IntEnum):
    """The exit status of a command."""

    VALID = 0
    REFUSED = 1
    CANNOT_TELL = 2
    WRONG_USE = 3


class CannotTell(click.ClickException):
    """Nothing can be said: an endpoint is silent, a port taken, a file unreadable."""

    exit_code = Status.CANNOT_TELL


@dataclass(frozen=True, slots=True)
class Failure:
    """The JSON of a command that did not come to a result.

    Attributes:
        error: a sentence.
        status: the exit status.
    """

    error: str
    status: int


json_option = click.option(
    "--json", "json_wanted", is_flag=True, help="Write JSON, for programs, instead of text."
)


def as_json(command: str, result: "DataclassInstance") -> str:
    """The JSON of a command's result, which is a dataclass; non-ASCII characters are escaped."""
    fields: dict[str, Any] = asdict(result)
    return json.dumps({"command": command, "format": FORMAT, **fields}, indent=2)


def console(*, stderr: bool = False) -> "Console":
    """The terminal, or the pipe in its place: nothing is coloured by guessing."""
    from rich.console import Console

    return Console(highlight=False, stderr=stderr, emoji=False, markup=False)


def tell(
    command: str, result: R, show: "Callable[[Console, R], object]", *, json_wanted: bool
) -> None:
    """Write a result, as JSON or as `show` shows it to people."""
    if json_wanted:
        click.echo(as_json(command, result))
    else:
        show(console(), result)


def quiet_logs() -> None:
    """Keep the log of refusals off the terminal, where the command itself tells of them."""
    log = logging.getLogger("asgi_jwks")
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def redacted(text: str) -> str:
    """The text with each token cut off after twelve characters: a token is a credential.

    Characters that would move a terminal's cursor are escaped, but for ends of lines.
    """
    return "".join(
        one if one == "\n" or one.isprintable() else ascii(one)[1:-1]
        for one in _TOKEN.sub(r"\1...", text)
    )


def say(text: str) -> None:
    """Write a sentence to standard error; no token is ever whole in it."""
    click.echo(redacted(text), err=True)
