"""The parsers of variables: from a text to the type of an option."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, get_args, get_origin

from asgi_jwks.errors import ConfigurationError

__all__ = ["Parser", "names", "number", "parsers", "text", "true_or_false", "whole_number"]

Parser = Callable[[str], Any]

# Around a name: those of a list in JSON or Python.
_MARKS: Final = "[]{}'\""


def text(text: str) -> str:
    """The text itself."""
    return text


def names(text: str) -> tuple[str, ...]:
    """Names separated by spaces or commas; neither occurs in one of them."""
    found = tuple(text.replace(",", " ").split())
    if any(name[0] in _MARKS or name[-1] in _MARKS for name in found):
        raise ConfigurationError(
            "names are written without quotes and brackets, separated by spaces or commas. Write "
            "for example first,second."
        )
    return found


def number(text: str) -> float:
    """Seconds, whole or not."""
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a number. Write seconds, such as 5.") from None


def whole_number(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a whole number. Write 2.") from None


def true_or_false(text: str) -> bool:
    """True or False: true, false, 1 or 0."""
    answers = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in answers:
        raise ConfigurationError(f"{text!r} is neither true nor false. Write one of them.")
    return answers[text.lower()]


def _parser(kind: Any) -> Parser | None:
    """The parser for values of an option's type; None where no text can say them."""
    kinds = [part for part in get_args(kind) if part is not type(None)]
    if get_origin(kind) is Literal:
        return text
    if get_origin(kind) is Mapping:
        return None
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if Iterable[str] == kind or Iterable[str] in kinds:
        return names
    parsers = [_parser(part) for part in kinds if get_origin(kind) is not Callable]
    return text if text in parsers else None


_SIMPLE: Final[Mapping[object, Parser]] = {
    str: text,
    float: number,
    int: whole_number,
    bool: true_or_false,
}


def parsers(hints: Mapping[str, Any]) -> dict[str, Parser]:
    """The parsers of options by name; an option that no text can say has none."""
    found = {name: _parser(kind) for name, kind in hints.items()}
    return {name: parser for name, parser in found.items() if parser is not None}
