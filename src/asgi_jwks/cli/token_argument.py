"""The token of a command line: an argument, file, standard input, or pasted field.

It knows nothing of a token but that it is one word.
"""

import io
import re
import sys
from pathlib import Path
from typing import Final, TextIO

import click

from asgi_jwks.cli.output import CannotTell
from asgi_jwks.jose.jws import MAX_TOKEN_BYTES

__all__ = ["bare_token", "existing_file", "text_of", "token_argument", "token_of"]

# A token and the field around it; who pipes a whole log into a command has made a mistake.
_LARGEST_TEXT: Final = 4 * MAX_TOKEN_BYTES
_SCHEMES: Final = frozenset({"bearer", "dpop"})
_FIELDS: Final = frozenset({"authorization:", "dpop:"})
# The marks around a field that was copied from a program or a shell.
_MARKS: Final = dict.fromkeys(map(ord, "'\"`,;"))
# Within the field; a shell or a program has its quotes around the whole.
_QUOTED_TOKEN: Final = re.compile(r"""\b(?:bearer|dpop) +\\?['"]""", re.IGNORECASE)

token_argument = click.argument("token", nargs=-1, required=True, metavar="TOKEN")
"""A token, its file, `-`, or a pasted line, of one word or several."""


def token_of(words: tuple[str, ...]) -> str:
    """The token that the words of a command line name.

    Args:
        words: the token, `Bearer` and the token, an `Authorization:` line, the path of a file that
            holds one of them (`@` may stand before it), or `-` for standard input.

    Raises:
        CannotTell: a file is unreadable.
        UsageError: there is more than a token, or none.
    """
    text = " ".join(words).strip()
    if text == "-" or text.startswith("@"):
        text = text_of(text)
    elif (path := existing_file(text)) is not None:
        text = _read(path)
    token = bare_token(text)
    if not token:
        raise click.UsageError(
            "TOKEN is empty. Where it comes from a variable or a file, look whether it is there."
        )
    return token


def text_of(name: str) -> str:
    """The text of a file, or of standard input, `-`.

    `@` may stand before the name. It is cut off at 64 KiB; octets that are not UTF-8 stand in it as
    surrogates.

    Raises:
        CannotTell: the file is unreadable.
    """
    if name == "-":
        return _standard_input().read(_LARGEST_TEXT)
    return _read(Path(name.removeprefix("@")))


def bare_token(text: str) -> str:
    """The token of a field, with or without its name and its scheme.

    Raises:
        UsageError: there is more than a token.
    """
    words = text.translate(_MARKS).replace(":", ": ", 1).split()
    words = words[1:] if words[:1] == ["-H"] else words
    if words and words[0].lower() in _FIELDS:
        words = words[1:]
    elif len(words) > 1 and words[0].lower() == "bearer:":
        raise click.UsageError("No colon stands after Bearer: an API answers 400 to it.")
    elif len(words) > 1 and words[0].endswith(":"):
        raise click.UsageError("The line is not an Authorization field, nor DPoP.")
    if words and words[0].lower() in _SCHEMES:
        words = words[1:]
    if len(words) > 1 and words[0].lower() in _SCHEMES:
        raise click.UsageError(
            f"{words[0]} stands there twice: an API answers 400 to it. Have the client write it "
            "once before the token."
        )
    if _QUOTED_TOKEN.search(text):
        raise click.UsageError(
            "The token stands between quotes: an API answers 400 to it. Have the client send it "
            "without them."
        )
    if [word.count(".") for word in words] == [0, 2]:
        raise click.UsageError(
            "The word before the token is not Bearer: an API takes that for a request without a "
            "token, and answers 401. Have the client write Bearer."
        )
    if len(words) > 1:
        raise click.UsageError(
            "Give one token: as it is, after `Bearer`, or in its `Authorization:` line."
        )
    return words[0] if words else ""


def _standard_input() -> TextIO:
    # Whoever judges the text says that it is not UTF-8; Python must not raise before.
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    return sys.stdin


def existing_file(text: str) -> Path | None:
    """The file of this name, if there is one."""
    path = Path(text)
    try:
        return path if text and path.is_file() else None
    # A token is too long for the name of a file, and a null byte is never in one.
    except (OSError, ValueError):
        return None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_TEXT).decode("utf-8", "surrogateescape")
    except (OSError, ValueError) as error:
        raise CannotTell(f"The file cannot be read: {error}") from error
