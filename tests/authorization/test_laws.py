"""The laws of `&`, and the verdict on a token by an oracle that knows no Requirement.

The oracle reads the written parts, a dictionary, and the claims; it never combines anything.
"""

from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks import (
    AccessToken,
    ConfigurationError,
    InsufficientScope,
    InsufficientUserAuthentication,
    RequestError,
    Requirement,
)
from asgi_jwks.tokens.principal import Basis, ClaimReading

NOW = 1_700_000_000

Parts = dict[str, Any]


def some(*names: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=2)


written = st.fixed_dictionaries(
    {},
    optional={
        "scopes": some("a", "b", "c"),
        "any_of": some("a", "x", "y"),
        "permissions": some("p", "q"),
        "roles": some("r", "s"),
        "claims": st.dictionaries(st.sampled_from(["tenant", "m.n"]), some("1", "2"), min_size=1),
        "issuer": some("https://i/", "https://j/"),
        "acr": some("low", "high"),
        "max_age": st.sampled_from([60, 600]),
        "binding": st.sampled_from(["dpop", "certificate"]),
    },
).filter(bool)

grants = st.one_of(
    st.none(), st.lists(st.sampled_from("abcxypqrs12"), max_size=8).map(lambda n: [*n])
)
tokens = st.fixed_dictionaries(
    {"iss": st.sampled_from(["https://i/", "https://j/"])},
    optional={
        "scope": st.lists(st.sampled_from("abcxy"), max_size=5).map(" ".join),
        "permissions": grants,
        "roles": grants,
        "tenant": st.one_of(grants, st.sampled_from(["1", "2"])),
        "m": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"n": grants})),
        "acr": st.sampled_from(["low", "high", "other", 5, None]),
        "auth_time": st.sampled_from([NOW, NOW - 60, NOW - 61, NOW - 600, NOW - 601, NOW + 1, "x"]),
        "cnf": st.sampled_from([{"jkt": "k"}, {"x5t#S256": "k"}, {"jkt": "k", "x5t#S256": "k"}, 5]),
    },
)


# What the issuer's tokens may grant, where that is bounded.
bounds = st.one_of(st.none(), st.sets(st.sampled_from("abcxypqrs12"), min_size=4).map(frozenset))


def requirement(parts: Parts) -> Requirement:
    options = dict(parts)
    return Requirement(*options.pop("scopes", ()), **options)


def listed(value: object) -> list[str]:
    return [value] if isinstance(value, str) else value if isinstance(value, list) else []


def oracle(
    parts: Parts, claims: Mapping[str, Any], bound: frozenset[str] | None = None
) -> str | None:
    """The code of the error that a token is refused with; None where it is not."""
    cnf = claims.get("cnf")
    member = {"dpop": "jkt", "certificate": "x5t#S256"}.get(parts.get("binding", ""))
    if member is not None and not (isinstance(cnf, dict) and member in cnf):
        return "invalid_token"
    if "acr" in parts and claims.get("acr") not in parts["acr"]:
        return "insufficient_user_authentication"
    if "max_age" in parts:
        login = claims.get("auth_time")
        if not isinstance(login, int) or login > NOW or NOW - login > parts["max_age"]:
            return "insufficient_user_authentication"
    granted = [name for name in claims.get("scope", "").split() if bound is None or name in bound]
    m = claims.get("m")
    at = {"tenant": claims.get("tenant"), "m.n": m.get("n") if isinstance(m, dict) else None}
    held = {"scopes": granted}
    for kind in ("permissions", "roles"):
        held[kind] = [n for n in listed(claims.get(kind)) if bound is None or n in bound]
    lacking = [name for kind, names in held.items() for name in {*parts.get(kind, ())} - {*names}]
    for claim, values in parts.get("claims", {}).items():
        lacking += {*values} - {*listed(at[claim])}
    if "any_of" in parts and not any(name in granted for name in parts["any_of"]):
        lacking.append("any_of")
    if "issuer" in parts and claims["iss"] not in parts["issuer"]:
        lacking.append("issuer")
    return "insufficient_scope" if lacking else None


def all_of(parts: list[Parts]) -> Requirement | None:
    try:
        return reduce(and_, map(requirement, parts))
    except ConfigurationError:
        return None


@given(st.lists(written, min_size=1, max_size=3), tokens, bounds)
def test_a_token_meets_all_or_is_told_the_first_kind_of_lack_with_all_names(
    parts: list[Parts], claims: dict[str, Any], bound: frozenset[str] | None
) -> None:
    """K6, K8, K9: bindings first, then the login, then grants; one challenge names all of it.

    P2: an issuer grants no name beyond those that it may; claims that are named stay as they are.
    """
    verdicts = [oracle(part, claims, bound) for part in parts]
    needed = all_of(parts)
    if needed is None:
        # No token could meet it, and so this one does not.
        assert any(verdicts)
        return
    order = ["invalid_token", "insufficient_user_authentication", "insufficient_scope"]
    expected = next((code for code in order if code in verdicts), None)
    error = refusal(needed, claims, bound)
    assert (error and error.error) == expected
    if isinstance(error, InsufficientScope | InsufficientUserAuthentication):
        names = [n for part in parts for kind in NAMED for n in part.get(kind, ())]
        assert sorted(error.scopes) == sorted(set(names))
    if isinstance(error, InsufficientUserAuthentication):
        wanted = [set(part["acr"]) for part in parts if "acr" in part]
        assert set(error.acr_values) == (set.intersection(*wanted) if wanted else set())
        ages = [part["max_age"] for part in parts if "max_age" in part]
        assert error.max_age == min(ages, default=None)


NAMED = ("scopes", "any_of", "permissions")


def refusal(
    needed: Requirement, claims: dict[str, Any], bound: frozenset[str] | None
) -> RequestError | None:
    verified = {"exp": NOW + 60, **claims}
    token: AccessToken = AccessToken(verified, verified, Basis(ClaimReading(grants=bound)))
    try:
        needed.check(token, clock=lambda: float(NOW))
    except RequestError as error:
        return error
    return None


def unordered(needed: Requirement | None) -> object:
    if needed is None:
        return None
    return [
        frozenset(value) if isinstance(value, tuple) else value
        for value in (getattr(needed, name) for name in Requirement.__slots__)
    ]


@pytest.mark.parametrize("part", [{"scopes": ["a"]}, {"permissions": ["p"]}, {"roles": ["r"]}])
def test_a_name_beyond_those_that_an_issuer_may_grant_opens_nothing(part: Parts) -> None:
    """P2: of each kind, since such a token is seldom drawn."""
    claims = {"iss": "https://i/", "scope": "a b", "permissions": ["p", "q"], "roles": ["r", "s"]}
    for bound in (None, frozenset("apr"), frozenset("bqs")):
        error = refusal(requirement(part), claims, bound)
        assert (error and error.error) == oracle(part, claims, bound)


@given(st.lists(written, min_size=3, max_size=3))
def test_combining_is_associative_idempotent_and_commutative_but_for_the_order(
    parts: list[Parts],
) -> None:
    """K9: a team may put requirements together in whatever way."""

    def joined(first: Requirement | None, second: Requirement | None) -> Requirement | None:
        try:
            return None if first is None or second is None else first & second
        except ConfigurationError:
            return None

    a, b, c = map(requirement, parts)
    assert joined(joined(a, b), c) == joined(a, joined(b, c))
    assert a & a == a
    assert unordered(joined(a, b)) == unordered(joined(b, a))
    both = joined(a, b)
    assert joined(both, a) == both
