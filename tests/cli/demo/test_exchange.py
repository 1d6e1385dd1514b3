import dataclasses
from typing import Any

import pytest

from asgi_jwks.cli.demo.exchange import Exchange, Expected

RIGHT = Exchange(
    path="/me",
    token=None,
    status=401,
    phrase="Unauthorized",
    challenge='Bearer realm="api", error="invalid_token"',
    retry_after=None,
    body="",
    new_fetches=0,
    fetches=1,
)
EXPECTED = Expected(401, error="invalid_token", challenge=True)


def test_an_answer_that_is_as_expected_has_no_differences() -> None:
    assert EXPECTED.differences(RIGHT) == []
    refused = Expected(503, fetches=range(1, 3))
    unavailable = dataclasses.replace(RIGHT, status=503, challenge=None, new_fetches=2)
    assert refused.differences(unavailable) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": 200}, ["the status should be 401"]),
        (
            {"challenge": None},
            ["there should be a WWW-Authenticate", "the error code should be invalid_token"],
        ),
        (
            {"challenge": 'Bearer error="insufficient_scope"'},
            ["the error code should be invalid_token"],
        ),
        ({"new_fetches": 3}, ["there should be 0 to 0 more JWKS fetches, not 3"]),
    ],
    ids=["status", "challenge", "error", "fetches"],
)
def test_each_difference_is_told_in_words(changes: dict[str, Any], words: list[str]) -> None:
    exchange = dataclasses.replace(RIGHT, **changes)
    assert EXPECTED.differences(exchange) == words


def test_a_challenge_where_there_should_be_none_is_a_difference() -> None:
    expected = Expected(401, error="invalid_token")
    assert expected.differences(RIGHT) == ["there should be no WWW-Authenticate"]
