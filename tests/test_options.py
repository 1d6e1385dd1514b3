"""The checks of options by type: what passes, what is refused, and by which sentence."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from asgi_jwks._options import (
    require_app,
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
call = partial(require_callable, form="f(event)")


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
        (call, [None, "f", 1], "option must be a callable, `f(event)`; got "),
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
    with pytest.raises(ConfigurationError, match=r"keys=RemoteJWKSet\(issuer=\.\.\., max_age="):
        require_known(["max_age"], ["issuer", "keys"], owner="X")


@pytest.mark.parametrize(
    ("value", "takes_it"),
    [
        (lambda _: None, True),
        (lambda *_: None, True),
        (lambda _, more=None: None, True),
        (lambda: None, False),
        (lambda _, more: None, False),
        (lambda _, *, more: None, False),
        # Neither says by which arguments it is called.
        (type("Unsaid", (), {"__call__": lambda *_: None, "__signature__": "x"})(), True),
        (print, True),
        (dict.fromkeys, True),
    ],
)
def test_a_callable_is_refused_if_it_takes_other_arguments(value: Any, takes_it: bool) -> None:
    """A11: each request would be a TypeError."""
    if takes_it:
        assert call("option", value) is value
    else:
        with pytest.raises(ConfigurationError, match=r"^option is called as `f\(event\)`, and <"):
            call("option", value)


class _Awaited:
    """An application as Starlette's endpoints are."""

    def __init__(self, scope: object, receive: object, send: object) -> None: ...

    def __await__(self) -> Any: ...


async def _app(scope: object, receive: object, send: object) -> None: ...


def _wsgi(environ: object, start_response: object) -> None: ...


class _Application:
    def __init__(self, *routes: object) -> None: ...


def test_an_application_is_one_of_asgi() -> None:
    """A11"""
    for app in (_app, _Awaited, partial(_app)):
        assert require_app(app, write="X(app)") is app
    for wrong, sentence in [
        ("app:app", r"got 'app:app'\. Write X\(app\)\.$"),
        (_Application, r"not a class of them; .* Write X\(app\)\.$"),
        (_wsgi, r"takes other arguments\. .*WsgiToAsgi\(app\)"),
    ]:
        with pytest.raises(ConfigurationError, match=sentence):
            require_app(wrong, write="X(app)")
