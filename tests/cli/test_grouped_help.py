"""The help of commands with many options: in sections, each option in words."""

import inspect
import re

import pytest

from asgi_jwks.cli import main, option_meanings
from asgi_jwks.cli.option_meanings import form_of, meaning_of, stated
from asgi_jwks.environment.options import PARSERS
from asgi_jwks.trusted_issuer import PresetOptions

Out = pytest.CaptureFixture[str]


@pytest.mark.parametrize("option", PARSERS)
def test_every_option_has_a_meaning_and_a_form(option: str) -> None:
    """O3: no help refers to a variable for the meaning."""
    meaning = meaning_of(option)
    assert re.fullmatch(r'["A-Z].*\.', meaning)
    assert "None" not in meaning
    assert form_of(option) in {"TEXT", "NAMES", "NUMBER", "SECONDS", "true|false"}


def test_the_options_that_most_people_need_come_first(capsys: Out) -> None:
    """O3: those of the command, of the issuer, and of presets at the end."""
    assert main(["explain", "--help"]) == 0
    text = capsys.readouterr().out
    titles = re.findall(r"^(\w[^\n]*):$", text, re.MULTILINE)
    assert titles == [
        "Options",
        "Whom to trust",
        "Tokens that are bound to their sender",
        "The keys",
        "Words of presets",
    ]
    places = [text.rindex(f"\n  --{name} ") for name in ("app", "provider", "issuer", "leeway")]
    assert places == sorted(places)
    # Those that say nothing of a token are for `serve`.
    assert "--public-paths" not in text
    assert main(["serve", "--help"]) == 0
    assert "The middleware:" in (served := capsys.readouterr().out)
    for name in PARSERS:
        assert served.count(f"\n  --{name.replace('_', '-')} ") == 1


def test_without_its_source_an_option_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    """O3: a help without words is better than none."""

    def absent(_: object) -> str:
        raise OSError

    monkeypatch.setattr(inspect, "getsource", absent)
    option_meanings._meanings.cache_clear()
    with pytest.raises(OSError):
        stated(PresetOptions)
    assert main(["explain", "--help"]) == 0
    assert "As ASGI_JWKS_LEEWAY." in capsys.readouterr().out
    option_meanings._meanings.cache_clear()
