"""Requirements as values: named once, combined with `&`, and reused."""

import pickle
from typing import Any

import pytest

from asgi_jwks import (
    AccessToken,
    ConfigurationError,
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidToken,
    Reason,
    Requirement,
    requires,
)
from asgi_jwks.asgi.guards import RouteGuard
from asgi_jwks.authorization.description import describe
from asgi_jwks.authorization.requirement import combined
from asgi_jwks.events.hint import Hint

NOW = 1_700_000_000.0


def token(**claims: Any) -> AccessToken:
    return AccessToken({"iss": "i", "exp": NOW + 60, **claims})


def meets(needed: Requirement, **claims: Any) -> bool:
    try:
        needed.check(token(**claims), clock=lambda: NOW)
    except (InsufficientScope, InsufficientUserAuthentication):
        return False
    return True


def test_both_requirements_must_be_met() -> None:
    """K9"""
    both = Requirement("a") & Requirement("b", any_of=["x", "y"]) & Requirement(any_of=["y", "z"])
    assert meets(both, scope="a b y")
    assert meets(both, scope="a b x z")
    for scope in ("a b x", "a b z", "a y", "b y"):
        assert not meets(both, scope=scope), scope
    assert both.named_scopes == ("a", "b", "x", "y", "z")


def test_roles_permissions_and_claims_are_added_up() -> None:
    """K9"""
    first = Requirement(roles="r", permissions="p", claims={"a.b": "1"})
    second = Requirement(roles=["r", "s"], permissions="q", claims={"a.b": "2"})
    both = first & second
    good: dict[str, Any] = {"roles": ["r", "s"], "permissions": ["p", "q"], "a": {"b": ["1", "2"]}}
    assert meets(both, **good)
    for lacking in ({"roles": ["r"]}, {"permissions": ["p"]}, {"a": {"b": ["1"]}}):
        assert not meets(both, **{**good, **lacking})


def test_an_issuer_and_an_acr_must_be_named_by_both() -> None:
    """K9"""
    both = Requirement(issuer=["i", "j"], acr=["low", "high"]) & Requirement(
        issuer="i", acr=["high", "top"]
    )
    assert (both.issuers, both.acr) == (("i",), ("high",))
    one_sided = Requirement("a") & Requirement(issuer="i", acr="high")
    assert (one_sided.issuers, one_sided.acr) == (("i",), ("high",))
    assert (Requirement(issuer="i") & Requirement("a")).issuers == ("i",)


@pytest.mark.parametrize("option", ["issuer", "acr"])
def test_a_combination_that_no_token_could_meet_is_a_mistake(option: str) -> None:
    """K9"""
    one: Any = {option: "one"}
    other: Any = {option: "other"}
    with pytest.raises(ConfigurationError, match=rf"no token can meet both {option}="):
        Requirement(**one) & Requirement(**other)


def test_the_more_recent_login_is_needed() -> None:
    """K8, K9"""
    both = Requirement(max_age=600) & Requirement(max_age=60)
    assert both.max_age == 60
    assert (Requirement("a") & both).max_age == (both & Requirement("a")).max_age == 60
    assert (Requirement("a") & Requirement("b")).max_age is None


def test_conditions_are_asked_one_after_the_other() -> None:
    """G10, K9"""
    asked: list[str] = []

    def first(_: AccessToken) -> bool:
        asked.append("first")
        return "b" in _.scopes

    def second(_: AccessToken) -> bool:
        asked.append("second")
        return True

    both = Requirement(condition=first) & Requirement("a", condition=second)
    assert meets(both, scope="a b")
    assert asked == ["first", "second"]
    assert not meets(both, scope="a")
    assert asked == ["first", "second", "first"]
    assert (both & Requirement(condition=first)).conditions == (first, second)


def test_a_requirement_is_combined_with_requirements_only() -> None:
    """A11"""
    other: Any = "b"
    with pytest.raises(TypeError):
        Requirement("a") & other
    with pytest.raises(TypeError):
        requires("a") & other


def test_a_combination_is_a_value() -> None:
    """K9"""
    first, second = Requirement("a", roles="r"), Requirement("b")
    assert first & second == Requirement("a", "b", roles="r")
    assert hash(first & second) == hash(Requirement("a", "b", roles="r"))
    assert pickle.loads(pickle.dumps(first & second)) == first & second
    assert first & first == first
    with pytest.raises(AttributeError):
        first.scopes = ()  # type: ignore[misc]


def test_named_requirements_are_reused_beside_scopes() -> None:
    """K9"""
    read, admin = Requirement("read"), Requirement(roles="admin")
    assert requires(read).requirement is read
    assert requires(read, admin).requirement == read & admin
    assert requires(read, "write", roles="admin").requirement == Requirement(
        "read", "write", roles="admin"
    )
    assert requires(read, roles=None).requirement is read
    guard = requires(read) & admin & requires("write")
    assert isinstance(guard, RouteGuard)
    assert guard.requirement == read & admin & Requirement("write")


CONFIRMATION = {"jkt": "a thumbprint", "x5t#S256": "another"}


@pytest.mark.parametrize(("binding", "member"), [("dpop", "jkt"), ("certificate", "x5t#S256")])
def test_a_token_must_be_bound_as_the_route_needs(binding: Any, member: str) -> None:
    """K9; I10, J5: the proof itself is judged with the token."""
    needed = Requirement("a", binding=binding)
    other = {name: value for name, value in CONFIRMATION.items() if name != member}
    needed.check(token(scope="a", cnf=CONFIRMATION))
    for cnf in (None, {}, other, {member: 5}, {member: None}, "jkt", [member]):
        with pytest.raises(InvalidToken) as refused:
            needed.check(token(scope="a", cnf=cnf))
        assert refused.value.reason is Reason.NOT_BOUND
        assert refused.value.detail == f"cnf.{member} is missing"
        assert refused.value.advice is not None
        assert refused.value.advice.hint is Hint.PROOF
        assert refused.value.advice.sentence == (
            "the route needs a token that is bound to a key of its client, and this one is not: "
            "have the client ask for it with a DPoP proof (RFC 9449) or by its certificate (RFC "
            "8705), and the provider bind it."
        )
    converted: Any = token(cnf=CONFIRMATION).with_claims(lambda _: object())
    with pytest.raises(InvalidToken):
        needed.check(converted)


def test_both_bindings_may_be_needed() -> None:
    """K9, J5"""
    both = Requirement(binding="dpop") & Requirement(binding="certificate")
    both.check(token(cnf=CONFIRMATION))
    for member, value in CONFIRMATION.items():
        with pytest.raises(InvalidToken):
            both.check(token(cnf={member: value}))


@pytest.mark.parametrize("wrong", ["DPoP", "mtls", True, ["dpop"], ""])
def test_another_binding_is_told(wrong: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="binding must be"):
        Requirement(binding=wrong)


def test_an_unknown_part_is_told_by_its_name() -> None:
    """A11"""
    wrong: Any = {"role": "admin"}
    with pytest.raises(
        ConfigurationError, match=r"^Requirement has no option role\. Did you mean roles\?"
    ):
        Requirement("a", **wrong)
    with pytest.raises(ConfigurationError, match="Did you mean roles"):
        combined(["a"], wrong)


def test_a_requirement_reads_as_words() -> None:
    """K9: for the documentation of an API."""
    needed = Requirement(
        "a",
        "b",
        any_of=["x", "y"],
        permissions="p",
        roles=["r", "s"],
        claims={"realm_access.roles": ["m", "n"]},
        issuer=["https://i/", "https://j/"],
        acr=["mfa", "phr"],
        max_age=300,
        binding="dpop",
        condition=lambda _: True,
    )
    assert describe(needed) == (
        "the scopes a, b; one of the scopes x, y; the permission p; the roles r, s; "
        "the claim realm_access.roles m, n; a token of https://i/ or https://j/; "
        "a login by mfa or phr; a login at most 300 s ago; a token bound to the client's DPoP key; "
        "a condition of the application"
    )
    assert describe(Requirement("a")) == "the scope a"
