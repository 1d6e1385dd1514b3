"""The error tree: whose fault, which status, which fixed phrase."""

import pickle
import re

import pytest

from asgi_jwks import (
    AsgiJwksError,
    ConfigurationError,
    InsufficientScope,
    InvalidKeySet,
    InvalidRequest,
    InvalidToken,
    KeySetError,
    KeySetUnavailable,
    MissingToken,
    Reason,
    RequestError,
)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_fixed_phrase_that_may_stand_in_a_challenge(reason: Reason) -> None:
    """B4, B5"""
    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]{10,80}", reason.phrase)


def test_reasons_have_phrases_of_their_own_but_for_those_that_a_stranger_may_not_tell_apart() -> (
    None
):
    """B13, W5: who is trusted is not told, and the phrase is true while no key can be sought."""
    alike = {
        Reason.UNKNOWN_ISSUER,
        Reason.UNKNOWN_KEY,
        Reason.KEY_TOO_SMALL,
        Reason.BAD_SIGNATURE,
    }
    assert len({reason.phrase for reason in alike}) == 1
    assert len({reason.phrase for reason in Reason}) == len(Reason) - len(alike) + 1
    assert len({reason.value for reason in Reason}) == len(Reason)
    assert all(re.fullmatch("[a-z_]+", reason.value) for reason in Reason)
    assert all(reason.name == reason.value.upper() for reason in Reason)


@pytest.mark.parametrize(
    ("error", "status", "code", "reason"),
    [
        (MissingToken(), 401, None, Reason.MISSING_TOKEN),
        (
            InvalidRequest(Reason.REPEATED_CREDENTIALS),
            400,
            "invalid_request",
            Reason.REPEATED_CREDENTIALS,
        ),
        (InvalidToken(Reason.EXPIRED), 401, "invalid_token", Reason.EXPIRED),
        (InsufficientScope("a", "b"), 403, "insufficient_scope", Reason.INSUFFICIENT_SCOPE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RequestError) else None,
)
def test_the_clients_faults(
    error: RequestError, status: int, code: str | None, reason: Reason
) -> None:
    """B3"""
    assert (error.status, error.error, error.reason) == (status, code, reason)
    assert error.detail is None
    assert str(error) == reason.phrase
    assert isinstance(error, AsgiJwksError)
    assert not isinstance(error, KeySetError)


@pytest.mark.parametrize(
    "error",
    [
        MissingToken("why"),
        InvalidRequest(Reason.TOKEN_TOO_LARGE, "why"),
        InvalidToken(Reason.EXPIRED, "why"),
        InsufficientScope("a", detail="why"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_detail_is_for_the_log(error: RequestError) -> None:
    """B5"""
    assert error.detail == "why"
    assert str(error) == f"{error.reason.phrase} (why)"


def test_an_error_goes_whole_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(InsufficientScope("a", detail="why")))
    assert (error.reason, error.scopes) == (Reason.INSUFFICIENT_SCOPE, ("a",))
    assert error.detail == "why"


def test_a_lack_of_scope_says_what_is_needed() -> None:
    assert InsufficientScope("a", "b").scopes == ("a", "b")
    assert InsufficientScope().scopes == ()


@pytest.mark.parametrize("kind", [KeySetUnavailable, InvalidKeySet])
def test_our_own_faults_say_when_to_come_back(kind: type[KeySetError]) -> None:
    """B7"""
    assert kind("no keys").retry_after == 1.0
    error = kind("no keys", retry_after=30)
    assert error.retry_after == 30
    assert str(error) == "no keys"
    assert not isinstance(error, RequestError)


def test_a_wrong_option_is_a_value_error() -> None:
    """F14"""
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(ConfigurationError, AsgiJwksError)
