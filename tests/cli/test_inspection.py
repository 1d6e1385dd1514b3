import json

import pytest

from asgi_jwks.cli.inspection import NotAToken, inspected
from asgi_jwks.testing import MockIssuer, forge

NOW = 1_800_000_000.0
ISSUER = MockIssuer(algorithm="ES256", clock=lambda: NOW)


def test_the_first_line_says_that_nothing_is_verified() -> None:
    assert inspected(ISSUER.access_token()).startswith("NOT VERIFIED.")


def test_header_and_claims_are_there_and_the_signature_is_not() -> None:
    """H1: the text is no credential."""
    token = ISSUER.access_token(user_id=7)
    text = inspected(token, now=NOW)
    header, _, claims = text.partition("claims  ")
    assert json.loads(header.partition("header  ")[2]) == forge.split(token).header_members
    assert json.loads(claims.partition("\niat")[0]) == forge.split(token).claims
    assert token.rpartition(".")[2] not in text
    assert "The signature of 64 bytes is not shown." in text


def test_times_are_told_as_dates_and_distances() -> None:
    token = ISSUER.access_token(lifetime=7200, nbf=NOW - 90, issued_at=NOW - 3 * 86_400, exp=NOW)
    text = inspected(token, now=NOW + 10)
    assert "iat     2027-01-12 08:00:00+00:00, 3 days ago" in text
    assert "nbf     2027-01-15 07:58:30+00:00, 100 seconds ago" in text
    assert "exp     2027-01-15 08:00:00+00:00, 10 seconds ago" in text
    assert "exp     2027-01-15 08:00:00+00:00, 1 second ago" in inspected(token, now=NOW + 1)
    assert "exp     2027-01-15 10:00:00+00:00, in 2 hours" in inspected(
        ISSUER.access_token(lifetime=7200), now=NOW
    )


@pytest.mark.parametrize("exp", ["soon", True, None])
def test_a_time_that_is_no_number_has_no_date(exp: object) -> None:
    assert "exp     " not in inspected(ISSUER.access_token(exp=exp), now=NOW)


def test_a_number_that_is_no_date_is_said_to_be_none() -> None:
    text = inspected(ISSUER.access_token(exp=10**18), now=NOW)
    assert "exp     1000000000000000000 is no date" in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    text = inspected(ISSUER.access_token(sub="\x1b]0;owned\x07\u202e"))
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("around", ["{}", " {}\n", "Bearer {}", "bearer  {}\n"])
def test_blanks_and_the_scheme_around_a_token_do_not_matter(around: str) -> None:
    assert "claims" in inspected(around.format(ISSUER.access_token()))


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c.d.e", "\udcff.x.y", forge.with_alg_none(ISSUER.access_token())]
)
def test_anything_else_is_no_token(text: str) -> None:
    with pytest.raises(NotAToken, match="not a well-formed signed JWT"):
        inspected(text)
