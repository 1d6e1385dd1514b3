"""The words of a bash command, as browsers quote them when they copy one.

Nothing is expanded or run: a variable in it is an error, since its value is not in the text.
"""

import re
from typing import Final

import click

__all__ = ["shell_words"]

# Bash manual, sections 3.1.2 and 3.5.7: a word is made of parts without space between them.
_PART: Final = re.compile(
    r"""
      (?P<space> \s+ )
    | (?P<joined> \\\r?\n )
    | ' (?P<plain> [^']* ) '
    | \$' (?P<escapes> (?:[^'\\]|\\.)* ) '
    | " (?P<double> (?:[^"\\]|\\.)* ) "
    | \\ (?P<escaped> . )
    | (?P<bare> [^\s'"\\$`|&;<>()]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_EXPANDED: Final = re.compile(r"(?:[^\\$`]|\\.)*[$`]", re.DOTALL)
_IN_DOUBLE_QUOTES: Final = re.compile(r'\\(\r?\n|["\\$`])')
# Bash manual, section 3.1.2.4, as far as browsers and people use it.
_IN_DOLLAR_QUOTES: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL
)
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t"}

_VARIABLE: Final = "The command has a variable in it: paste it with the value in its place."
_OPEN_QUOTE: Final = "A quote of the command is not closed: paste all of it."
_SEVERAL: Final = "Paste one command alone, with its URL in quotes."


def shell_words(text: str) -> list[str]:
    """The words of one simple command.

    Raises:
        UsageError: it is more than that, or not complete; no part of it is in the text of the
            error.
    """
    words: list[str] = []
    in_word, place = False, 0
    while place < len(text):
        part = _PART.match(text, place)
        if part is None:
            raise click.UsageError(_fault(text[place]))
        place = part.end()
        if part.lastgroup == "space":
            in_word = False
        if part.lastgroup in ("space", "joined"):
            continue
        if not in_word:
            words.append("")
        words[-1] += _value(part)
        in_word = True
    return words


def _value(part: re.Match[str]) -> str:
    written = part[part.lastgroup or 0]
    match part.lastgroup:
        case "double":
            if _EXPANDED.match(written):
                raise click.UsageError(_VARIABLE)
            return _IN_DOUBLE_QUOTES.sub(lambda escape: escape[1].strip("\r\n"), written)
        case "escapes":
            return _paired(_IN_DOLLAR_QUOTES.sub(_unescaped, written))
        case _:
            return written


def _unescaped(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2]
    if digits is not None:
        return chr(int(digits, 16))
    return _CONTROLS.get(escape[3], escape[3])


def _paired(text: str) -> str:
    """The text with one character for two halves of UTF-16, as browsers write those."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _fault(character: str) -> str:
    if character in "$`":
        return _VARIABLE
    return _OPEN_QUOTE if character in "'\"\\" else _SEVERAL
