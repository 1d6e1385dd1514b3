"""The checks of options by type: what passes, what is refused, and by which sentence."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from asgi_jwks._options import (
    require_callable,
    require_duration,
    require_flag,
    require_known,
    require_names,
    require_text,
    require_whole_number,
)
from asgi_jwks.errors import ConfigurationError

text = partial(require_text, example="x")
names = partial(require_names, example="x")
call = partial(require_callable, form="f()")


@pytest.mark.parametrize(
    ("check", "value", "taken"),
    [
        (require_flag, True, True),
        (require_flag, False, False),
        (text, "a", "a"),
        (names, "a", ("a",)),
        (names, ["a", "b"], ("a", "b")),
        (names, iter(["a"]), ("a",)),
        (names, (), ()),
        (require_duration, 0, 0.0),
        (require_duration, 1, 1.0),
        (require_duration, 0.5, 0.5),
        (partial(require_duration, positive=True), 0.001, 0.001),
        (require_whole_number, 0, 0),
        (partial(require_whole_number, least=-1), -1, -1),
        (call, len, len),
    ],
)
def test_a_value_of_the_right_type_is_taken(
    check: Callable[[str, object], object], value: object, taken: object
) -> None:
    """A11"""
    found = check("option", value)
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize(
    ("check", "values", "sentence"),
    [
        (require_flag, [1, 0, "true", None, []], "option must be True or False; got "),
        (text, ["", None, 1, b"a", ["a"]], "option must be a string that is not empty; got "),
        (
            names,
            ["", [""], ["a", ""], [1], 1, None, b"a", [None]],
            "option must be a string or several, none of them empty; got ",
        ),
        (
            require_duration,
            [-1, math.nan, math.inf, -math.inf, 10**400, "1", True, None, [1]],
            "option must be a finite number of seconds, zero or more; got ",
        ),
        (
            partial(require_duration, positive=True),
            [0, 0.0, -1],
            "option must be a finite number of seconds, greater than zero; got ",
        ),
        (
            require_whole_number,
            [-1, 1.0, True, "1", None],
            "option must be a whole number, 0 or more; got ",
        ),
        (call, [None, "f", 1], "option must be a callable, `f()`; got "),
    ],
    ids=["flag", "text", "names", "duration", "positive", "whole number", "callable"],
)
def test_any_other_value_is_refused_by_a_sentence(
    check: Callable[[str, object], object], values: list[Any], sentence: str
) -> None:
    """A11"""
    for value in values:
        with pytest.raises(ConfigurationError) as refusal:
            check("option", value)
        assert str(refusal.value).startswith(sentence)
        assert repr(value) in str(refusal.value)


def test_a_misspelt_option_is_told_what_it_may_mean() -> None:
    """A11"""
    require_known(["audience"], ["issuer", "audience"], owner="X")
    with pytest.raises(ConfigurationError, match=r"^X has no option audiens\. Did you"):
        require_known(["audiens"], ["issuer", "audience"], owner="X")
    with pytest.raises(ConfigurationError, match=r"option domain\. Did you mean issuer\?$"):
        require_known(["domain"], ["issuer", "audience"], owner="X")
    with pytest.raises(ConfigurationError, match=r"There are issuer, audience\.$"):
        require_known(["zzz"], ["issuer", "audience"], owner="X")
