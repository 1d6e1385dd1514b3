import io
from dataclasses import replace
from typing import Any

import click
import pytest
from rich.console import Console
from tests.support.cli_schema import validated

from asgi_jwks.cli import main
from asgi_jwks.cli.preset_words import issuers_of, presets
from asgi_jwks.cli.provider import description_of, show


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main(["provider", *argv, "--json"]) == 0
    return validated(capsys.readouterr().out)


def test_without_a_name_every_preset_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Issue 15: provider NAME, by the presets themselves."""
    assert main(["provider"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(presets())
    assert "auth0" in lines[2]
    assert all(told(capsys)["providers"].values())


@pytest.mark.parametrize("name", presets())
def test_every_preset_can_be_looked_at_without_an_account(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """P3: the values are the preset's own."""
    assert main(["provider", name]) == 0
    text = capsys.readouterr().out
    assert "\niss " in text
    assert "\nSources: " in text
    description = told(capsys, name)
    (tokens, *_) = description["tokens"]
    assert tokens["issuer"] in text
    assert len(description["sources"]) > 10


def test_words_of_the_console_take_the_place_of_placeholders(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Issue 15: provider auth0 --domain ... --audience ..."""
    argv = ["auth0", "--domain", "a.eu.auth0.com", "--audience", "b", "--audience", "c"]
    description = told(capsys, *argv)
    assert description["placeholders"] == {}
    (tokens,) = description["tokens"]
    assert tokens["issuer"] == "https://a.eu.auth0.com/"
    assert tokens["audiences"] == ["b", "c"]
    assert main(["provider", *argv]) == 0
    assert "b or c" in capsys.readouterr().out


def test_one_of_several_optional_words_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["cognito", "--audience", "https://api.example.com"]
    (tokens,) = told(capsys, *argv)["tokens"]
    assert tokens["audience_claim"] == "aud"
    (tokens,) = told(capsys, "cognito")["tokens"]
    assert tokens["audience_claim"] == "client_id"


def test_the_place_of_the_keys_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    url = "https://keys.example/"
    (tokens,) = told(capsys, "simplejwt", "--jwks-uri", url)["tokens"]
    assert tokens["keys"] == url


def test_a_flag_is_true_or_false(capsys: pytest.CaptureFixture[str]) -> None:
    (tokens,) = told(capsys, "azure_ad_b2c", "--issuer-with-policy", "true")["tokens"]
    assert "/tfp/" in tokens["issuer"]
    assert told(capsys, "azure_ad_b2c", "--issuer-with-policy", "false")
    assert main(["provider", "azure_ad_b2c", "--issuer-with-policy", "yes"]) == 3
    assert "--issuer-with-policy is true or false" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["nonsense"], "There is no preset 'nonsense'. There are ad_fs, allauth, auth0,"),
        (["auth0", "--realm", "x"], "auth0 has no word --realm; it takes --domain, --audience."),
        (["auth0", "--domain", "a", "--domain", "b"], "--domain is given twice"),
        (["auth0", "--domain", "https://a.eu.auth0.com"], "Write 'a.eu.auth0.com'."),
        (["simplejwt", "--jwks-uri", "http://a.example"], "must be an https URL"),
    ],
)
def test_a_wrong_word_is_wrong_use(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: wrong use is status 3; P4: the preset says what to write."""
    assert main(["provider", *argv]) == 3
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_word_that_is_needed_is_asked_for_with_its_meaning() -> None:
    """P3: in the words of the console."""
    with pytest.raises(click.UsageError, match="auth0 needs --audience: the identifier of the API"):
        issuers_of("auth0", {"domain": ("a.eu.auth0.com",), "audience": ()})


def test_tokens_whose_audience_is_not_compared_are_shown_so() -> None:
    """G13: it is said loudly."""
    description = description_of("auth0", {})
    (tokens,) = description.tokens
    written = io.StringIO()
    show(
        Console(file=written, width=80),
        replace(description, tokens=(replace(tokens, audiences=()),), placeholders={}),
    )
    text = written.getvalue()
    assert "aud         NOT COMPARED" in text
    assert "placeholders" not in text
