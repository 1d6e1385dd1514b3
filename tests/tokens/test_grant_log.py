"""Grants that cannot be read are told to the operator when they are asked for, once per cause."""

import logging
from typing import Any

import pytest

from asgi_jwks import AccessToken
from asgi_jwks.events.repeated_lines import INTERVAL
from asgi_jwks.events.requests import OTHER_ISSUER
from asgi_jwks.tokens import access_token
from asgi_jwks.tokens.grant_claims import GrantClaim, GrantClaims
from asgi_jwks.tokens.grant_log import MOST_CAUSES, GrantLog
from asgi_jwks.tokens.principal import Basis, ClaimReading

ISSUER = "https://issuer.example/"
ROLES = GrantClaim("realm_access.roles")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> GrantLog:
    """A log of this test's own, for access tokens too."""
    own = GrantLog(clock=clock)
    monkeypatch.setattr(access_token, "tell_unreadable", own)
    return own


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def token(claims: dict[str, Any], **where: Any) -> AccessToken:
    reading = ClaimReading(grant_claims=GrantClaims(**where))
    return AccessToken({"iss": ISSUER, "exp": 1.0, **claims}, None, Basis(reading))


@pytest.mark.parametrize("grant", ["scopes", "roles", "groups", "permissions"])
def test_it_is_told_when_an_application_asks(
    grant: str, log: GrantLog, caplog: pytest.LogCaptureFixture
) -> None:
    """G9: not for each new token; the token is not refused, and grants nothing by that claim."""
    accepted = token({"scope": {"admin": 1}, "x": 1}, **{grant: ("scope",)})
    assert lines(caplog) == []
    for _ in range(3):
        assert getattr(accepted, grant) == ()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.name == "asgi_jwks.tokens"
    assert record.__dict__["hint"] == "unreadable_grant"
    assert (record.__dict__["issuer"], record.__dict__["claim"]) == (ISSUER, "scope")
    assert record.__dict__["count"] == 1
    said = record.getMessage()
    assert f"issuer {ISSUER}: the claim scope is an object" in said
    assert "grant_claims=GrantClaims(...)" in said
    # Nothing of the token's own words.
    assert "admin" not in said


@pytest.mark.parametrize(
    "claims", [{"roles": ["a"]}, {"roles": "a"}, {"roles": None}, {"roles": []}, {}], ids=str
)
def test_what_can_be_read_is_not_told(
    claims: dict[str, Any], log: GrantLog, caplog: pytest.LogCaptureFixture
) -> None:
    """G9, W6"""
    accepted = token(claims)
    _ = accepted.roles, accepted.scopes, accepted.groups, accepted.permissions
    assert lines(caplog) == []


def test_what_cannot_be_read_is_named_without_a_line(
    log: GrantLog, caplog: pytest.LogCaptureFixture
) -> None:
    """G9: whoever explains a refusal asks for the names alone."""
    assert token({"roles": 5}).unreadable_grants == ("roles",)
    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [
        ({}, "strings", "is an object, and an array of strings was expected"),
        ([1], "strings", "is an array of other values, and"),
        ("a", "member names", "is text, and an object was expected"),
        (True, "separated by spaces", "is true or false, and text or an array of strings was"),
        (7, "strings", "is a number, and"),
        (0.5, "objects with a name", "is a number, and an array of objects with a name was"),
    ],
)
def test_its_form_is_told(
    value: object, form: Any, said: str, log: GrantLog, caplog: pytest.LogCaptureFixture
) -> None:
    """G9, P4: what the provider wrote, and what was expected."""
    log(GrantClaim("x", form), {"iss": ISSUER, "x": value})
    (line,) = lines(caplog)
    assert f"the claim x {said}" in line


def test_a_nested_claim_may_be_out_of_reach(
    log: GrantLog, caplog: pytest.LogCaptureFixture
) -> None:
    """G9"""
    log(ROLES, {"iss": ISSUER, "realm_access": ["x"]})
    (line,) = lines(caplog)
    assert "the claim realm_access.roles is out of reach" in line


def test_each_cause_has_a_line_per_interval(
    log: GrantLog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """W6, G9: an issuer and a claim, with the count since the line before."""
    other = GrantClaim("other")
    for issuer in (ISSUER, "https://second.example/"):
        for claim in (ROLES, other):
            for _ in range(3):
                log(claim, {"iss": issuer, "realm_access": 1, "other": 1})
    assert len(lines(caplog)) == 4
    clock.now = INTERVAL - 0.5
    log(other, {"iss": ISSUER, "other": 1})
    assert len(lines(caplog)) == 4
    clock.now = INTERVAL
    log(other, {"iss": ISSUER, "other": 1})
    assert len(lines(caplog)) == 5
    # Two of the first three, one within the interval, and this one.
    assert caplog.records[-1].__dict__["count"] == 4
    assert lines(caplog)[-1].endswith("(asked for: 4)")


def test_causes_are_bounded(log: GrantLog, caplog: pytest.LogCaptureFixture) -> None:
    """H4, W6: beyond a number of issuers one line per claim stands for all, and then none."""
    for number in range(MOST_CAUSES + 50):
        log(ROLES, {"iss": f"https://{number}.example/", "realm_access": 1})
    assert len(lines(caplog)) == MOST_CAUSES + 1
    assert caplog.records[-1].__dict__["issuer"] == OTHER_ISSUER
    for number in range(MOST_CAUSES + 50):
        log(GrantClaim(f"claim{number}"), {"iss": "https://x.example/", f"claim{number}": 1})
    assert len(lines(caplog)) == 2 * MOST_CAUSES
    assert len(log._told) == 2 * MOST_CAUSES


def test_a_name_in_a_line_is_escaped(log: GrantLog, caplog: pytest.LogCaptureFixture) -> None:
    """N10"""
    log(GrantClaim(("g\n",)), {"iss": "https://issuer.example/\n", "g\n": 1})
    (line,) = lines(caplog)
    assert "\n" not in line
