from typing import Any

import pytest

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.proofs import (
    AllOf,
    AnyOf,
    ClaimIs,
    ClaimIsList,
    ClaimIsObject,
    ClaimStartsWith,
    HasClaim,
    HeaderTypeIs,
    NoClaim,
    Proof,
)

JWT = JOSEHeader("RS256", "k", "jwt")

CASES: list[tuple[Proof, list[object], list[object]]] = [
    (HasClaim("c"), ["x", 0, 1.5, [0], {"a": 0}], [None, "", [], {}, False, True]),
    (ClaimIs("c", "access", "at"), ["access", "at"], ["Access", "", None, 1, ["access"], {}]),
    (ClaimStartsWith("c", "AT."), ["AT.", "AT.x"], ["ID.x", "at.x", "", None, 1, ["AT.x"]]),
    (ClaimIsObject("c"), [{}, {"a": 1}], [[], "{}", None, 1]),
    (ClaimIsList("c"), [[], [1]], [{}, "[]", None, 1]),
]


@pytest.mark.parametrize(
    ("proof", "value", "expected"),
    [(proof, value, True) for proof, good, _ in CASES for value in good]
    + [(proof, value, False) for proof, _, bad in CASES for value in bad],
    ids=repr,
)
def test_a_claim_proves_by_its_value(proof: Proof, value: object, expected: bool) -> None:
    """G8"""
    assert proof.holds(JWT, {"c": value}) is expected


@pytest.mark.parametrize("proof", [case[0] for case in CASES], ids=repr)
def test_an_absent_claim_proves_nothing(proof: Proof) -> None:
    """G8"""
    assert proof.holds(JWT, {"d": "x"}) is False


def test_no_claim_means_that_it_is_absent() -> None:
    """G8: null is present."""
    assert NoClaim("c").holds(JWT, {"d": 1}) is True
    assert NoClaim("c").holds(JWT, {"c": None}) is False


def test_the_header_type_is_compared_as_it_was_read() -> None:
    """D9"""
    assert HeaderTypeIs("jwt").holds(JWT, {}) is True
    assert HeaderTypeIs("at+jwt").holds(JWT, {}) is False
    assert HeaderTypeIs("at+jwt").holds(JOSEHeader("RS256", None, None), {}) is False


def test_all_of_and_any_of() -> None:
    """G8"""
    a, b = HasClaim("a"), HasClaim("b")
    both: dict[str, Any] = {"a": 1, "b": 1}
    assert AllOf(a, b).holds(JWT, both) is True
    assert AllOf(a, b).holds(JWT, {"a": 1}) is False
    assert AnyOf(a, b).holds(JWT, {"b": 1}) is True
    assert AnyOf(a, b).holds(JWT, {}) is False
    for combined in (AllOf(a, HeaderTypeIs("jwt")), AnyOf(b, HeaderTypeIs("jwt"))):
        assert combined.holds(JWT, {"a": 1}) is True
        assert combined.holds(JOSEHeader("RS256", None, None), {"a": 1}) is False
    assert AllOf(a, b) == AllOf(a, b)
    assert AllOf(a, b) != AllOf(b, a)


def test_a_proof_says_what_an_access_token_has() -> None:
    proof = AllOf(
        AnyOf(ClaimIs("typ", "Bearer", "DPoP"), HeaderTypeIs("at+jwt")),
        NoClaim("azp"),
        HasClaim("cid"),
        ClaimStartsWith("jti", "AT."),
        ClaimIsObject("firebase"),
        ClaimIsList("scope"),
    )
    assert str(proof) == (
        "(the claim typ of 'Bearer' or 'DPoP' or the header typ at+jwt) and no claim azp and the "
        "claim cid and a claim jti that starts with 'AT.' and a claim firebase that is an object "
        "and a claim scope that is an array"
    )


@pytest.mark.parametrize("empty", [(), ("a",), (1,), (None,), (HasClaim("a"), "b")])
@pytest.mark.parametrize("combined", [AllOf, AnyOf])
def test_combining_nothing_is_a_mistake(combined: Any, empty: tuple[object, ...]) -> None:
    """A11: all of nothing would prove every token."""
    with pytest.raises(
        ConfigurationError, match=f"^{combined.__name__} takes proofs, at least one"
    ):
        combined(*empty)


@pytest.mark.parametrize("value", ["", None, 1, [], ("a",)])
def test_names_and_values_are_strings(value: Any) -> None:
    """A11"""
    for make in (HasClaim, NoClaim, ClaimIsObject, ClaimIsList, HeaderTypeIs):
        with pytest.raises(ConfigurationError, match=f"^{make.__name__} takes strings that are n"):
            make(value)
    for two in (ClaimIs, ClaimStartsWith):
        for arguments in ((value, "a"), ("a", value)):
            with pytest.raises(ConfigurationError, match=f"^{two.__name__} takes strings that ar"):
                two(*arguments)


def test_a_claim_that_is_none_of_no_values_is_a_mistake() -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="ClaimIs takes strings"):
        ClaimIs("a")
