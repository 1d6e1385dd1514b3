"""Demands on the login itself: its kind and its age, with evidence or without."""

import math
from typing import Any

import pytest

from asgi_jwks import AccessToken, ConfigurationError, InsufficientUserAuthentication, Reason
from asgi_jwks import Requirement as Needed

NOW = 1_700_000_000.0


def token(**claims: Any) -> AccessToken:
    return AccessToken({"iss": "https://i/", "exp": NOW + 60, "scope": "read", **claims})


def refused(needed: Needed, access: AccessToken) -> InsufficientUserAuthentication | None:
    try:
        needed.check(access, clock=lambda: NOW)
    except InsufficientUserAuthentication as error:
        return error
    return None


@pytest.mark.parametrize("acr", ["mfa", "phr"])
def test_one_of_the_contexts_is_enough(acr: str) -> None:
    """K8"""
    assert refused(Needed(acr=["mfa", "phr"]), token(acr=acr)) is None


@pytest.mark.parametrize("acr", ["", "MFA", "mfa ", "mfa phr", ["mfa"], {"mfa": 1}, True, 0, None])
def test_another_context_and_no_string_prove_nothing(acr: Any) -> None:
    """K8: an acr that is not a string is not met."""
    assert refused(Needed(acr=["mfa", "phr"]), token(acr=acr)) is not None


def test_absent_evidence_proves_nothing() -> None:
    """K8"""
    assert refused(Needed(acr="mfa"), token()) is not None
    assert refused(Needed(max_age=300), token()) is not None
    converted: Any = token(acr="mfa", auth_time=NOW).with_claims(lambda _: object())
    assert refused(Needed(acr="mfa"), converted) is not None


@pytest.mark.parametrize("seconds", [0, 1, 299.5, 300])
def test_a_recent_login_is_enough(seconds: float) -> None:
    """K8: to the last second of max_age; fractions are NumericDates too."""
    assert refused(Needed(max_age=300), token(auth_time=NOW - seconds)) is None
    assert (
        refused(Needed(max_age=300), token(auth_time=int(NOW - seconds))) is None or seconds > 299
    )


@pytest.mark.parametrize(
    "auth_time",
    [
        NOW - 300.5,
        NOW + 1,
        NOW + 1e9,
        0,
        -1,
        True,
        str(int(NOW)),
        [NOW],
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        -(10**400),
        None,
    ],
)
def test_an_old_a_future_and_a_malformed_login_prove_nothing(auth_time: Any) -> None:
    """K8: an auth_time that is not a NumericDate, or lies ahead, is not met."""
    error = refused(Needed(max_age=300), token(auth_time=auth_time))
    assert error is not None
    assert error.advice is not None
    assert "a login at most 300 s ago" in error.advice.sentence


def test_a_login_may_lie_ahead_as_far_as_its_token_does() -> None:
    """K8, G4: a client that has just logged in is not sent to log in again, and again."""
    fresh = token(auth_time=NOW + 2, iat=NOW + 2)
    assert refused(Needed(max_age=300), fresh) is None
    for iat in (NOW + 1, NOW, str(NOW + 2), True, math.nan, None):
        assert refused(Needed(max_age=300), token(auth_time=NOW + 2, iat=iat)) is not None


def test_a_login_grows_too_old_for_a_token_that_was_good() -> None:
    """K8: the clock is an argument."""
    needed, access = Needed(max_age=300), token(auth_time=NOW)
    needed.check(access, clock=lambda: NOW + 300)
    with pytest.raises(InsufficientUserAuthentication):
        needed.check(access, clock=lambda: NOW + 301)


def test_the_clock_is_not_read_where_the_login_is_not_asked_for() -> None:
    Needed("read").check(token(), clock=lambda: pytest.fail("it was read"))


def test_a_refusal_names_all_that_is_needed() -> None:
    """K8, K6: acr_values, max_age and scope; scopes that lack as well are told at once."""
    error = refused(Needed("write", "read", acr=["mfa", "phr"], max_age=300), token(acr="pwd"))
    assert error is not None
    assert (error.status, error.error) == (401, "insufficient_user_authentication")
    assert error.reason is Reason.INSUFFICIENT_USER_AUTHENTICATION
    assert (error.acr_values, error.max_age) == (("mfa", "phr"), 300)
    assert error.scopes == ("write", "read")


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({}, "no acr and no auth_time"),
        ({"acr": "pwd", "auth_time": NOW - 900}, "the acr 'pwd' and a login 900 s ago"),
        ({"acr": "x\n" * 200, "auth_time": "now"}, "and the auth_time 'now', which is not a time"),
        ({"acr": "x" * 200}, f"the acr 'x{'x' * 95}... and no auth_time"),
        ({"auth_time": math.nan}, "no acr and the auth_time nan, which is not a time"),
    ],
)
def test_the_operator_is_told_what_the_token_has(claims: Any, says: str) -> None:
    """P4: in one printable line."""
    error = refused(Needed(acr="mfa", max_age=300), token(**claims))
    assert error is not None
    assert error.advice is not None
    sentence = error.advice.sentence
    assert sentence.startswith("the route needs an acr of 'mfa' and a login at most 300 s ago")
    assert says in sentence
    assert sentence.isprintable()
    assert error.advice.hint == "step_up"


def test_the_operator_is_told_all_contexts_of_which_one_will_do() -> None:
    """P4, K8"""
    error = refused(Needed(acr=["mfa", "phr"]), token())
    assert error is not None
    assert error.advice is not None
    assert error.advice.sentence == (
        "the route needs an acr of 'mfa' or 'phr', and the token has no acr and no auth_time: have "
        "the client send the user to log in with the acr_values and the max_age of the challenge "
        "(RFC 9470), and the provider write acr and auth_time into access tokens."
    )


@pytest.mark.parametrize("seconds", [1, 366 * 86_400])
def test_a_login_may_be_of_a_second_ago_or_of_a_year_ago(seconds: int) -> None:
    """K8"""
    assert Needed(max_age=seconds).max_age == seconds


@pytest.mark.parametrize("wrong", ["", [], ["a b"], 'a"', "ä", 5, [None], True])
def test_a_wrong_acr_is_told(wrong: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"^acr "):
        Needed(acr=wrong)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "300", True, math.nan, 366 * 86_400 + 1])
def test_a_wrong_max_age_is_told(wrong: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"^max_age "):
        Needed(max_age=wrong)
