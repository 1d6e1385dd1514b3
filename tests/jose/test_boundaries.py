"""The edges of this room: the last value that passes, and the first that does not."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from asgi_jwks.errors import InvalidKeySet, InvalidToken
from asgi_jwks.jose.encoding import EncodingError, b64url_encode, json_object
from asgi_jwks.jose.jwk import read_public_key
from asgi_jwks.jose.jwk_set import (
    MAX_DOCUMENT_BYTES,
    MAX_KEYS,
    MAX_KID_LENGTH,
    JWKSet,
    SkippedKey,
    SkipReason,
)
from asgi_jwks.jose.jws import MAX_HEADER_BYTES, MAX_TOKEN_BYTES, parse_compact
from asgi_jwks.jose.key import symmetric_key

KEYS = JWKSet((symmetric_key(bytes(range(32)), "HS256"),))


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_json_is_read_to_a_depth_of_sixteen() -> None:
    """A7, D10: a bound on recursion."""
    assert json_object(nested(16))["a"]
    with pytest.raises(EncodingError, match="nested too deeply"):
        json_object(nested(17))


def test_nothing_but_white_space_may_stand_around_an_object() -> None:
    """D1: RFC 8259, section 2 has four characters of white space; there is no trailing data."""
    accepted = set()
    for octet in map(bytes, zip(range(256), strict=True)):
        for document in (octet + b"{}", b"{}" + octet):
            try:
                json_object(document)
            except EncodingError:
                continue
            accepted.add(octet)
    assert accepted == {b" ", b"\t", b"\n", b"\r"}


def test_a_token_is_read_up_to_sixteen_kibibytes() -> None:
    """A7: the number that SECURITY.md promises."""
    assert MAX_TOKEN_BYTES == 16384


def test_a_key_id_has_up_to_2048_characters() -> None:
    """D7: the number that SECURITY.md promises; the did:key of an RSA key has 755."""
    assert MAX_KID_LENGTH == 2048


def test_a_key_set_has_up_to_512_keys_in_512_kibibytes() -> None:
    """E1: the numbers that SECURITY.md promises."""
    assert (MAX_KEYS, MAX_DOCUMENT_BYTES) == (512, 512 * 1024)


def test_a_header_is_read_up_to_eight_kibibytes() -> None:
    """W2: the number that SECURITY.md promises."""
    assert MAX_HEADER_BYTES == 8192


@pytest.mark.parametrize("reason", SkipReason)
def test_a_reason_is_its_name_in_lower_case(reason: SkipReason) -> None:
    """E1: operators find the values in logs and events, so they stay as they are."""
    assert reason.value == reason.name.lower()


def test_a_key_for_signatures_may_be_for_making_them_too(
    jwk_for: Callable[..., dict[str, Any]],
) -> None:
    """E2: `sign` and `verify` are both what `use` of `sig` means (RFC 7517, section 4.3)."""
    key = read_public_key(jwk_for("RS256", use="sig", key_ops=["sign", "verify"]))
    assert "RS256" in key.algorithms


@pytest.mark.parametrize(
    ("algorithm", "members"),
    [
        ("RS256", ("e", "kty", "n")),
        ("ES256", ("crv", "kty", "x", "y")),
        ("ES512", ("crv", "kty", "x", "y")),
        ("EdDSA", ("crv", "kty", "x")),
    ],
)
def test_a_thumbprint_is_made_of_the_required_members_in_their_order(
    jwk_for: Callable[..., dict[str, Any]], algorithm: str, members: tuple[str, ...]
) -> None:
    """H2: RFC 7638, sections 3.2 and 3.3; RFC 8037, section 2."""
    jwk = jwk_for(algorithm, kid="a", x5t="b")
    canonical = "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in members) + "}"
    expected = b64url_encode(hashlib.sha256(canonical.encode()).digest())
    assert read_public_key(jwk).thumbprint == expected


@pytest.mark.parametrize("token", [b"{}", b"[]", b" {}", b"\n[1]"])
def test_the_json_serialization_is_recognised_with_or_without_white_space(token: bytes) -> None:
    """D8: and the operator's log says so."""
    with pytest.raises(InvalidToken) as caught:
        parse_compact(token)
    assert "JSON serialization" in (caught.value.detail or "")


def test_what_stands_side_by_side_makes_nothing_deeper() -> None:
    """A7: sixteen levels are read, however many brackets were closed before."""
    siblings = b"[]," * 40
    deepest = b"[" * 14 + siblings + b"[]" + b"]" * 14
    assert json_object(b'{"a":' + deepest + b"}")


def test_what_was_closed_before_lends_no_depth() -> None:
    """A7: the seventeenth level is refused, however many brackets were closed before."""
    siblings = b"[]," * 40
    too_deep = b"[" * 16 + b"]" * 16
    with pytest.raises(EncodingError, match="nested too deeply"):
        json_object(b'{"a":[' + siblings + b'0],"b":' + too_deep + b"}")


@pytest.mark.parametrize(
    "value",
    [KEYS, KEYS.keys[0], SkippedKey(0, "a", SkipReason.UNKNOWN_KTY)],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_this_room_stays_what_it_is(value: object) -> None:
    """Shared between requests and threads: nothing is changed, and nothing is added."""
    for name in (*type(value).__annotations__, "another"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, name, None)
    assert not hasattr(value, "__dict__")


def test_equal_sets_have_one_hash(jwk_for: Callable[..., dict[str, Any]]) -> None:
    document = {"keys": [jwk_for("RS256"), jwk_for("RS256", alg="RS256"), {}]}
    assert len({JWKSet.parse(document), JWKSet.parse(document)}) == 1


def test_a_set_is_asked_for_a_thumbprint_as_often_as_one_likes() -> None:
    """H3: every request of a cached token asks."""
    for _ in range(3):
        assert KEYS.holds(KEYS.keys[0].thumbprint)


def test_an_algorithm_that_a_stranger_wrote_is_escaped_in_the_detail() -> None:
    """D7: no line of a log is a stranger's."""
    with pytest.raises(InvalidToken) as caught:
        KEYS.select(None, "RS256\nroot logged in")
    assert caught.value.detail == (r"none of 1 usable keys fits no kid and RS256\nroot logged in")


def test_a_map_of_certificates_is_recognised_after_white_space() -> None:
    """F8: whoever configured Firebase's address is told which one to take."""
    certificate = "\n-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----"
    with pytest.raises(InvalidKeySet, match=r"X\.509 certificates, not a JWK Set"):
        JWKSet.parse({"a": certificate})
