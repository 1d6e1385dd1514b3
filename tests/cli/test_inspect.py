import json

import pytest
from tests.support.cli_schema import validated

from asgi_jwks.cli import main
from asgi_jwks.cli.inspect import NotAToken, as_text, inspection_of
from asgi_jwks.testing import MockIssuer, forge

NOW = 1_800_000_000.0
ISSUER = MockIssuer(algorithm="ES256", clock=lambda: NOW)


def inspect(token: str, *, now: float | None = None) -> str:
    return as_text(inspection_of(token, now=now))


@pytest.mark.parametrize("words", [["{}"], ["Bearer", "{}"], ["Authorization:", "Bearer", "{}"]])
def test_the_command_takes_a_token_and_what_is_pasted_around_it(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: inspect says that nothing is verified."""
    token = ISSUER.access_token()
    assert main(["inspect", *(word.format(token) for word in words)]) == 0
    assert capsys.readouterr().out.startswith("NOT VERIFIED.")


def test_the_json_says_that_nothing_is_verified_and_has_no_signature(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """O3: the JSON is as the schema says."""
    token = ISSUER.access_token(groups=["a", {"b": [1]}])
    assert main(["inspect", token, "--json"]) == 0
    written = capsys.readouterr().out
    told = validated(written)
    assert told["verified"] is False
    assert told["claims"]["groups"] == ["a", {"b": [1]}]
    assert [time["claim"] for time in told["times"]] == ["iat", "exp"]
    assert token.rpartition(".")[2] not in written


def test_the_command_says_in_a_sentence_that_a_text_is_not_a_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """O3: not a token is refused."""
    assert main(["inspect", "hello"]) == 1
    assert "not a well-formed signed JWT" in capsys.readouterr().err


def test_the_first_line_says_that_nothing_is_verified() -> None:
    assert inspect(ISSUER.access_token()).startswith("NOT VERIFIED.")


def test_header_and_claims_are_there_and_the_signature_is_not() -> None:
    """H1: the text is not a credential."""
    token = ISSUER.access_token(user_id=7)
    text = inspect(token, now=NOW)
    header, _, claims = text.partition("claims  ")
    assert json.loads(header.partition("header  ")[2]) == forge.split(token).header_members
    assert json.loads(claims.partition("\niat")[0]) == forge.split(token).claims
    assert token.rpartition(".")[2] not in text
    assert "The signature of 64 bytes is not shown." in text


def test_times_are_told_as_dates_and_distances() -> None:
    token = ISSUER.access_token(lifetime=7200, nbf=NOW - 90, issued_at=NOW - 3 * 86_400, exp=NOW)
    text = inspect(token, now=NOW + 10)
    assert "iat     2027-01-12 08:00:00+00:00, 3 days ago" in text
    assert "nbf     2027-01-15 07:58:30+00:00, 100 seconds ago" in text
    assert "exp     2027-01-15 08:00:00+00:00, 10 seconds ago" in text
    assert "exp     2027-01-15 08:00:00+00:00, 1 second ago" in inspect(token, now=NOW + 1)
    assert "exp     2027-01-15 10:00:00+00:00, in 2 hours" in inspect(
        ISSUER.access_token(lifetime=7200), now=NOW
    )


@pytest.mark.parametrize("exp", ["soon", True, None], ids=["text", "true", "null"])
def test_a_time_that_is_not_a_number_has_no_date(exp: object) -> None:
    assert "exp     " not in inspect(ISSUER.access_token(exp=exp), now=NOW)


def test_a_number_that_is_not_a_date_is_said_not_to_be_one() -> None:
    text = inspect(ISSUER.access_token(exp=10**18), now=NOW)
    assert "exp     1000000000000000000 is not a date" in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    text = inspect(ISSUER.access_token(sub="\x1b]0;owned\x07\u202e"))
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c.d.e", "\udcff.x.y", forge.with_alg_none(ISSUER.access_token())],
    ids=["empty", "two-parts", "five-parts", "not-ascii", "alg-none"],
)
def test_any_other_text_is_not_a_token(text: str) -> None:
    with pytest.raises(NotAToken, match="not a well-formed signed JWT"):
        inspect(text)
