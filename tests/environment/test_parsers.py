"""The parser of a variable follows from the type of its option."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from inspect import isfunction
from typing import Any, Literal

import pytest

from asgi_jwks.environment.parsers import (
    names,
    number,
    parsers,
    text,
    true_or_false,
    whole_number,
)
from asgi_jwks.errors import ConfigurationError


class Value:
    """An object that no text can say."""


@pytest.mark.parametrize(
    ("kind", "parser"),
    [
        (str, text),
        (float, number),
        (int, whole_number),
        (bool, true_or_false),
        (Literal["a", "b"], text),
        (Literal["a", "b"] | None, text),
        (str | None, text),
        (str | Value | None, text),
        (Iterable[str], names),
        (Iterable[str] | None, names),
        (str | Iterable[str], names),
        (Value | str | Iterable[str] | None, names),
        (Value, None),
        (Value | None, None),
        (Sequence[Value], None),
        (Sequence[Value] | Value, None),
        (Mapping[str, str], None),
        (Mapping[str, str | Iterable[str]] | None, None),
        (Callable[[Value], bool], None),
        (Callable[[Value], str], None),
        (Callable[[Value], str] | None, None),
        (Callable[[], Awaitable[None]], None),
    ],
    ids=lambda value: value.__name__ if isfunction(value) else str(value),
)
def test_an_option_has_a_parser_where_a_text_can_say_it(kind: Any, parser: object) -> None:
    """A11: and no option has a parser of another type."""
    found = parsers({"before": str, "option": kind, "after": bool})
    expected = {"before": text, "option": parser, "after": true_or_false}
    assert found == {name: of for name, of in expected.items() if of is not None}


@pytest.mark.parametrize("written", ["'a", "a'", '"a', 'a"', "[a", "a]", "b,[a]", "a 'b' c"])
def test_a_quote_or_a_bracket_on_either_side_of_a_name_is_told(written: str) -> None:
    """A11: a list in JSON, split at its commas, has them on one side alone."""
    with pytest.raises(ConfigurationError, match=r"^names are written without quotes"):
        names(written)


def test_a_quote_or_a_bracket_within_a_name_is_a_part_of_it() -> None:
    """A11: a claim may be named so."""
    assert names("it's,a[0].b") == ("it's", "a[0].b")
