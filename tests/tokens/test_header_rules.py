"""The rules for a header that hold for every issuer."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.immutability import assert_immutable

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.jwk import MAX_KID_LENGTH
from asgi_jwks.tokens.header_rules import JOSEHeader, read_header
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE


def header_verdict(header: Mapping[str, Any]) -> Reason | None:
    try:
        read_header(header)
    except InvalidToken as refusal:
        return refusal.reason
    return None


HEADER = {"alg": "RS256", "kid": "k"}


class TestTheHeader:
    def test_what_is_used_of_it(self) -> None:
        header = read_header({"alg": "RS256", "kid": "k1", "typ": "application/AT+JWT"})
        assert header == JOSEHeader("RS256", "k1", "at+jwt")

    def test_kid_and_typ_may_be_absent(self) -> None:
        assert read_header({"alg": "RS256"}) == JOSEHeader("RS256", None, None)

    @pytest.mark.parametrize("name", ["crit", "b64", "zip"])
    @pytest.mark.parametrize("value", [None, [], ["exp"], False, "x"])
    def test_extensions_are_refused_in_any_form(self, name: str, value: object) -> None:
        """D5"""
        with pytest.raises(InvalidToken, match=f"the header has {name}") as refusal:
            read_header({"alg": "RS256", name: value})
        assert refusal.value.reason is Reason.UNSUPPORTED_HEADER

    def test_a_zip_that_says_that_nothing_was_compressed_passes(self) -> None:
        """D5: PingAM writes it."""
        assert read_header({"alg": "RS256", "zip": "NONE"}) == JOSEHeader("RS256", None, None)
        for members in ({"zip": "none"}, {"zip": ["NONE"]}, {"zip": "NONE", "crit": ["zip"]}):
            with pytest.raises(InvalidToken):
                read_header({"alg": "RS256", **members})

    def test_all_extensions_are_named_for_the_log(self) -> None:
        with pytest.raises(InvalidToken) as refusal:
            read_header({"alg": "RS256", "zip": "DEF", "b64": True})
        assert refusal.value.detail == "the header has b64, zip"

    @pytest.mark.parametrize("cty", ["JWT", "jwt", "application/jwt", "Application/JWT"])
    def test_a_nested_jwt_is_refused(self, cty: str) -> None:
        """D8"""
        assert header_verdict({"alg": "RS256", "cty": cty}) is Reason.UNSUPPORTED_HEADER

    @pytest.mark.parametrize("cty", ["json", "application/json", None, 1])
    def test_other_content_types_are_not_understood_and_ignored(self, cty: object) -> None:
        """D8, D11"""
        assert header_verdict({"alg": "RS256", "cty": cty}) is None

    @pytest.mark.parametrize("header", [{}, {"alg": None}, {"alg": 1}, {"alg": ["RS256"]}])
    def test_alg_is_a_string(self, header: dict[str, Any]) -> None:
        """D3"""
        assert header_verdict(header) is Reason.ALGORITHM_NOT_ALLOWED

    @pytest.mark.parametrize(
        "typ", ["JWT", "jwt", "application/jwt", "at+jwt", "AT+JWT", "APPLICATION/at+jwt"]
    )
    def test_typ_is_compared_as_a_media_type(self, typ: str) -> None:
        """D9"""
        expected = "jwt" if typ.lower().endswith("/jwt") or typ.lower() == "jwt" else "at+jwt"
        assert read_header({"alg": "RS256", "typ": typ}).type == expected

    @pytest.mark.parametrize(
        "typ", ["dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "", "text/jwt", "jwt ", "x"]
    )
    def test_types_of_other_jwts_are_left_to_the_kind_rule(self, typ: str) -> None:
        """D9: which refuses whatever is not on its list."""
        header = read_header({"alg": "RS256", "typ": typ})
        with pytest.raises(InvalidToken) as refusal:
            DEFAULT_KIND_RULE.check_header(header)
        assert refusal.value.reason is Reason.WRONG_TYPE

    @pytest.mark.parametrize("typ", [None, 1, ["JWT"]], ids=repr)
    def test_a_type_is_a_string(self, typ: object) -> None:
        """D9"""
        assert header_verdict({"alg": "RS256", "typ": typ}) is Reason.WRONG_TYPE

    @pytest.mark.parametrize(
        "kid", ["", "k", pytest.param("k" * 2048, id="2048 characters"), "ключ", "../x"]
    )
    def test_a_kid_is_any_string_of_bounded_length(self, kid: str) -> None:
        """D7"""
        assert read_header({"alg": "RS256", "kid": kid}).kid == kid

    @pytest.mark.parametrize(
        "kid", [pytest.param("k" * 2049, id="2049 characters"), None, 1, ["k"], {}]
    )
    def test_anything_else_is_no_kid(self, kid: object) -> None:
        """D7"""
        assert header_verdict({"alg": "RS256", "kid": kid}) is Reason.MALFORMED

    @pytest.mark.parametrize(
        ("members", "told"),
        [
            ({"cty": "JWT"}, "a nested JWT"),
            ({"alg": None}, "no 'alg' in the header"),
            ({"kid": 1}, "'kid' is not a string of up to 2048"),
        ],
    )
    def test_what_is_wrong_is_told_the_log(self, members: dict[str, Any], told: str) -> None:
        with pytest.raises(InvalidToken) as refusal:
            read_header({"alg": "RS256", **members})
        assert refusal.value.detail == told

    def test_members_that_are_not_understood_are_ignored(self) -> None:
        """D11, D6"""
        header = {
            "alg": "RS256",
            "ver": "2.0",
            "cat": "cl0",
            "nonce": "n",
            "jku": "https://evil.example/",
            "jwk": {"kty": "oct", "k": ""},
            "x5u": "https://evil.example/",
            "x5c": ["AA"],
        }
        assert read_header(header) == JOSEHeader("RS256", None, None)

    def test_it_is_an_immutable_value(self) -> None:
        """Requests and threads share it."""
        assert_immutable(JOSEHeader("RS256", "k1", "jwt"))


def test_a_header_that_says_that_nothing_is_compressed_is_read() -> None:
    """D5: `zip: "NONE"`, which PingAM writes and which says nothing."""
    assert read_header(HEADER | {"zip": "NONE"}) == JOSEHeader("RS256", "k", None)


@pytest.mark.parametrize(
    "members",
    [
        {"zip": "DEF"},
        {"zip": "none"},
        {"zip": "NONE "},
        {"zip": ""},
        {"zip": None},
        {"zip": False},
        {"zip": ["NONE"]},
        {"zip": {"NONE": 1}},
        {"zip": "NONE", "crit": []},
        {"zip": "NONE", "crit": ["zip"]},
        {"zip": "NONE", "b64": True},
        {"crit": []},
        {"crit": None},
        {"b64": True},
        {"b64": False},
    ],
)
def test_any_other_zip_and_every_crit_and_b64_is_refused(members: dict[str, object]) -> None:
    """D5: in any form."""
    with pytest.raises(InvalidToken) as refusal:
        read_header(HEADER | members)
    assert refusal.value.reason is Reason.UNSUPPORTED_HEADER
    assert refusal.value.detail == f"the header has {', '.join(sorted(members))}"


def test_a_kid_is_read_up_to_its_limit() -> None:
    """D7: at least 1,024 characters: the did:key of an RSA key of 2048 bits has 755."""
    assert MAX_KID_LENGTH >= 1024
    kid = "k" * MAX_KID_LENGTH
    assert read_header({"alg": "RS256", "kid": kid}).kid == kid
    with pytest.raises(InvalidToken) as refusal:
        read_header({"alg": "RS256", "kid": kid + "k"})
    assert refusal.value.reason is Reason.MALFORMED
    assert refusal.value.detail == f"'kid' is not a string of up to {MAX_KID_LENGTH}"
