"""Each rule for a published key, one reason for each."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.jose.algorithms import algorithms_for
from asgi_jwks.jose.encoding import b64url_decode, b64url_encode
from asgi_jwks.jose.jwk import MAX_KID_LENGTH, read_public_key
from asgi_jwks.jose.skip_reason import SkipReason, UnusableKeyError

JWKFor = Callable[..., dict[str, Any]]


def reason_for(jwk: object) -> SkipReason:
    with pytest.raises(UnusableKeyError) as caught:
        read_public_key(jwk)
    return caught.value.reason


def number(value: int) -> str:
    return b64url_encode(value.to_bytes((value.bit_length() + 7) // 8))


def rsa_jwk(*, n: int = (1 << 2047) + 1, e: int = 65537, **members: object) -> dict[str, Any]:
    return {"kty": "RSA", "n": number(n), "e": number(e)} | members


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("RS256", ("RSA", None)),
        ("ES256", ("EC", "P-256")),
        ("ES384", ("EC", "P-384")),
        ("ES512", ("EC", "P-521")),
        ("EdDSA", ("OKP", "Ed25519")),
    ],
)
def test_a_key_without_alg_serves_all_that_fits_it(
    jwk_for: JWKFor, algorithm: str, kind: tuple[str, str | None]
) -> None:
    """E6: keys without `alg` (Entra, older Auth0) are usable."""
    key = read_public_key(jwk_for(algorithm))
    assert key.algorithms == algorithms_for(*kind)
    assert key.kty == kind[0]
    assert key.kid is None


@pytest.mark.parametrize("algorithm", ["RS256", "PS512", "ES256", "ES384", "ES512"])
def test_a_key_with_alg_serves_that_one(jwk_for: JWKFor, algorithm: str) -> None:
    """E2: `alg` absent or equal to the token's."""
    assert read_public_key(jwk_for(algorithm, alg=algorithm)).algorithms == {algorithm}


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_an_ed25519_key_serves_both_names_of_its_algorithm(jwk_for: JWKFor, algorithm: str) -> None:
    """RFC 9864: EdDSA and Ed25519 are one algorithm."""
    key = read_public_key(jwk_for("EdDSA", alg=algorithm))
    assert key.algorithms == {"EdDSA", "Ed25519"}


USABLE: dict[str, dict[str, object]] = {
    "use": {"use": "sig"},
    "key_ops": {"key_ops": ["verify"]},
    "key_ops with sign": {"key_ops": ["sign", "verify"]},
    "unrelated key_ops": {"key_ops": ["verify", "encrypt"]},
    "use and key_ops": {"use": "sig", "key_ops": ["verify"]},
    "an empty kid": {"kid": ""},
    "a long kid": {"kid": "k" * MAX_KID_LENGTH},
    "certificates of any form": {"x5c": "none", "x5t": 1, "x5u": None, "x5t#S256": []},
    "use and no operation at all": {"use": "sig", "key_ops": []},
    "members that are null": dict.fromkeys(
        ("alg", "crv", "d", "dp", "dq", "k", "kid", "key_ops", "oth", "p", "q", "qi", "use", "x")
    ),
    "extra members": {"ext": True, "issuer": "i", "status": "ACTIVE", "cloud_instance_name": "c"},
}


@pytest.mark.parametrize("members", USABLE.values(), ids=USABLE)
def test_a_key_is_usable_with(jwk_for: JWKFor, members: dict[str, object]) -> None:
    """E1, E2, D6: what the rules allow, members that no rule names, and null as .NET writes it."""
    assert read_public_key(jwk_for("RS256", **members)).kid == members.get("kid")


S = SkipReason
SKIPPED: dict[str, tuple[dict[str, object], SkipReason]] = {
    "an unknown kty": ({"kty": "AKP"}, S.UNKNOWN_KTY),
    "kty in lower case": ({"kty": "rsa"}, S.UNKNOWN_KTY),
    "kty that is no string": ({"kty": 1}, S.MALFORMED_MEMBER),
    "a symmetric key": ({"kty": "oct"}, S.SYMMETRIC_KEY),
    "a symmetric member": ({"k": "AAAA"}, S.SYMMETRIC_KEY),
    "a numeric kid": ({"kid": 1}, S.KID_NOT_A_STRING),
    "an endless kid": ({"kid": "k" * (MAX_KID_LENGTH + 1)}, S.KID_TOO_LONG),
    "use enc": ({"use": "enc"}, S.NOT_FOR_SIGNATURES),
    "use in upper case": ({"use": "SIG"}, S.NOT_FOR_SIGNATURES),
    "use as a list": ({"use": ["sig"]}, S.NOT_FOR_SIGNATURES),
    "key_ops as a string": ({"key_ops": "verify"}, S.MALFORMED_KEY_OPS),
    "key_ops with a number": ({"key_ops": ["verify", 1]}, S.MALFORMED_KEY_OPS),
    "key_ops with a list": ({"key_ops": ["verify", []]}, S.MALFORMED_KEY_OPS),
    "key_ops with duplicates": ({"key_ops": ["verify", "verify"]}, S.MALFORMED_KEY_OPS),
    "key_ops empty and no use": ({"key_ops": []}, S.NOT_FOR_VERIFYING),
    "kty null": ({"kty": None}, S.MISSING_MEMBER),
    "key_ops for signing": ({"key_ops": ["sign"]}, S.NOT_FOR_VERIFYING),
    "key_ops beyond use": (
        {"use": "sig", "key_ops": ["verify", "encrypt"]},
        S.INCONSISTENT_KEY_OPS,
    ),
    "alg none": ({"alg": "none"}, S.UNSUPPORTED_ALGORITHM),
    "alg HS256": ({"alg": "HS256"}, S.UNSUPPORTED_ALGORITHM),
    "alg for encryption": ({"alg": "RSA-OAEP"}, S.UNSUPPORTED_ALGORITHM),
    "alg in lower case": ({"alg": "rs256"}, S.UNSUPPORTED_ALGORITHM),
    "alg that is no string": ({"alg": ["RS256"]}, S.MALFORMED_MEMBER),
    "alg of another kty": ({"alg": "ES256"}, S.ALGORITHM_DOES_NOT_FIT),
    "n that is no string": ({"n": 65537}, S.MALFORMED_MEMBER),
    "n with padding": ({"n": "AQAB="}, S.MALFORMED_MEMBER),
    "n in plain base64": ({"n": "a+/b"}, S.MALFORMED_MEMBER),
    "n beyond ASCII": ({"n": "é"}, S.MALFORMED_MEMBER),
    "n with a surrogate": ({"n": "\ud800"}, S.MALFORMED_MEMBER),
    "e malformed": ({"e": "A"}, S.MALFORMED_MEMBER),
}


@pytest.mark.parametrize(("members", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_a_key_is_skipped_for(
    jwk_for: JWKFor, members: dict[str, object], reason: SkipReason
) -> None:
    """E1, E2: the reason is kept."""
    assert reason_for(jwk_for("RS256", **members)) is reason


@pytest.mark.parametrize("jwk", [None, 1, "RSA", [], ["kty", "RSA"], True, b"{}"])
def test_what_is_no_object_is_no_key(jwk: object) -> None:
    assert reason_for(jwk) is SkipReason.NOT_AN_OBJECT


@pytest.mark.parametrize(
    ("algorithm", "member"),
    [
        ("RS256", "kty"),
        ("RS256", "n"),
        ("RS256", "e"),
        ("ES256", "crv"),
        ("ES256", "x"),
        ("ES256", "y"),
        ("EdDSA", "crv"),
        ("EdDSA", "x"),
    ],
)
def test_a_key_that_lacks_a_member_is_skipped(jwk_for: JWKFor, algorithm: str, member: str) -> None:
    """E1: missing members."""
    jwk = jwk_for(algorithm)
    del jwk[member]
    assert reason_for(jwk) is SkipReason.MISSING_MEMBER
    assert reason_for(jwk | {member: None}) is SkipReason.MISSING_MEMBER
    assert reason_for(jwk | {member: 1}) is SkipReason.MALFORMED_MEMBER


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_published_private_key_is_skipped(jwk_for: JWKFor, member: str) -> None:
    """E3: private members in a published key."""
    for algorithm in ("RS256", "ES256", "EdDSA"):
        assert reason_for(jwk_for(algorithm, **{member: "AAAA"})) is SkipReason.PRIVATE_KEY


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        (rsa_jwk(n=(1 << 2047) - 1), S.RSA_MODULUS_TOO_SMALL),
        (rsa_jwk(n=(1 << 1023) + 1), S.RSA_MODULUS_TOO_SMALL),
        (rsa_jwk(n=0), S.RSA_MODULUS_TOO_SMALL),
        (rsa_jwk(n=(1 << 8192) + 1), S.RSA_MODULUS_TOO_LARGE),
        (rsa_jwk(n=(1 << 100_000) + 1), S.RSA_MODULUS_TOO_LARGE),
        (rsa_jwk(n=1 << 2047), S.RSA_MODULUS_EVEN),
        (rsa_jwk(e=0), S.RSA_EXPONENT_TOO_SMALL),
        (rsa_jwk(e=1), S.RSA_EXPONENT_TOO_SMALL),
        (rsa_jwk(e=2), S.RSA_EXPONENT_TOO_SMALL),
        (rsa_jwk(e=65536), S.RSA_EXPONENT_EVEN),
        (rsa_jwk(e=(1 << 64) + 1), S.RSA_EXPONENT_TOO_LARGE),
        (rsa_jwk(e=(1 << 2047) - 1), S.RSA_EXPONENT_TOO_LARGE),
    ],
)
def test_an_rsa_key_outside_the_limits_is_skipped(jwk: dict[str, Any], reason: SkipReason) -> None:
    """E3: modulus of 2048 to 8192 bits and odd, exponent odd and at least 3, of 64 bits at most."""
    assert reason_for(jwk) is reason


@pytest.mark.parametrize(
    "jwk",
    [
        rsa_jwk(n=(1 << 2047) + 1),
        rsa_jwk(n=(1 << 8192) - 1),
        rsa_jwk(e=3),
        rsa_jwk(e=(1 << 64) - 1),
    ],
)
def test_an_rsa_key_at_the_limits_is_usable(jwk: dict[str, Any]) -> None:
    """E3: the limits themselves, and verifying with such a key answers rather than raises."""
    key = read_public_key(jwk)
    for algorithm in key.algorithms:
        assert not key.verify(algorithm, b"a.b", b"\1" * 256)


@pytest.mark.parametrize("member", ["n", "e"])
def test_a_number_as_large_as_a_document_is_refused(member: str) -> None:
    """W4: half a megabyte of modulus or exponent."""
    assert reason_for(rsa_jwk() | {member: "w" * 400_000}) in {
        S.RSA_MODULUS_TOO_LARGE,
        S.RSA_EXPONENT_TOO_LARGE,
    }


def test_leading_zero_octets_change_neither_key_nor_thumbprint(
    jwk_for: JWKFor, sign: Callable[..., bytes]
) -> None:
    """E8: RFC 7518, section 2 forbids them, old UAA writes them; RFC 7638 leaves them out."""
    jwk = jwk_for("RS256")
    padded = {
        member: b64url_encode(b"\0\0" + b64url_decode(jwk[member].encode())) for member in "ne"
    }
    key = read_public_key(jwk | padded)
    assert key.thumbprint == read_public_key(jwk).thumbprint
    signing_input, _, signature = sign("RS256", {}).rpartition(b".")
    assert key.verify("RS256", signing_input, b64url_decode(signature))
    largest = b64url_encode(b"\0" * 9 + ((1 << 8192) - 1).to_bytes(1024))
    assert read_public_key(rsa_jwk() | {"n": largest}).kty == "RSA"


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def square_root(square: int) -> int | None:
    """RFC 8032, section 5.1.3, steps 2 and 3; None where there is none."""
    root = pow(square, (P + 3) // 8, P)
    candidates = (root, root * pow(2, (P - 1) // 4, P) % P)
    return next((c for c in candidates if c * c % P == square % P), None)


def small_order_ys() -> set[int]:
    """The y of the points of order 1, 2, 4 and 8, by the equation of the curve."""
    # Twice a point of order 8 has order 4, and there y is 0, so that x^2 + y^2 = 0 before. With
    # RFC 8032, section 5.1, -x^2 + y^2 = 1 + d x^2 y^2, this is d y^4 + 2 y^2 - 1 = 0.
    found = {0, 1, P - 1}
    root = square_root(1 + D)
    assert root is not None
    for sign in (root, -root):
        y = square_root((sign - 1) * pow(D, -1, P) % P)
        found |= set() if y is None else {y, P - y}
    return found


def test_an_ed25519_point_of_small_order_is_skipped_in_every_encoding(jwk_for: JWKFor) -> None:
    """E8: anyone can sign for it; the non-canonical encodings are the same points."""
    encodings = {
        (y + lifted + sign).to_bytes(32, "little")
        for y in small_order_ys()
        for lifted in (0, P)
        for sign in (0, 2**255)
        if y + lifted < 2**255
    }
    assert len(encodings) == 14
    for octets in encodings:
        jwk = jwk_for("EdDSA", x=b64url_encode(octets))
        assert reason_for(jwk) is SkipReason.POINT_OF_SMALL_ORDER


@pytest.mark.parametrize(
    ("algorithm", "members", "reason"),
    [
        ("ES256", {"crv": "secp256k1"}, S.UNSUPPORTED_CURVE),
        ("ES256", {"crv": "P-192"}, S.UNSUPPORTED_CURVE),
        ("ES256", {"crv": "Ed25519"}, S.UNSUPPORTED_CURVE),
        ("ES256", {"crv": "p-256"}, S.UNSUPPORTED_CURVE),
        ("EdDSA", {"crv": "Ed448"}, S.UNSUPPORTED_CURVE),
        ("EdDSA", {"crv": "X25519"}, S.UNSUPPORTED_CURVE),
        ("EdDSA", {"crv": "P-256"}, S.UNSUPPORTED_CURVE),
        ("ES256", {"crv": "P-384"}, S.MALFORMED_MEMBER),
        ("ES256", {"crv": "P-521", "alg": "ES256"}, S.ALGORITHM_DOES_NOT_FIT),
        ("ES384", {"alg": "ES256"}, S.ALGORITHM_DOES_NOT_FIT),
        ("ES256", {"alg": "ES256K"}, S.UNSUPPORTED_ALGORITHM),
        ("ES512", {"alg": "ES521"}, S.UNSUPPORTED_ALGORITHM),
        ("EdDSA", {"alg": "ES256"}, S.ALGORITHM_DOES_NOT_FIT),
        ("EdDSA", {"alg": "Ed448"}, S.UNSUPPORTED_ALGORITHM),
        ("EdDSA", {"x": "AAAA"}, S.MALFORMED_MEMBER),
        ("EdDSA", {"x": ""}, S.MALFORMED_MEMBER),
        ("ES256", {"x": b64url_encode(b"\1" * 31)}, S.MALFORMED_MEMBER),
        ("ES256", {"y": b64url_encode(b"\0" + b"\1" * 32)}, S.MALFORMED_MEMBER),
        ("ES256", {"x": "", "y": ""}, S.MALFORMED_MEMBER),
        ("ES256", {"x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))}, None),
        ("ES256", {"x": b64url_encode(b"\xff" * 32)}, None),
        ("ES512", {"x": b64url_encode(b"\xff" * 66)}, None),
    ],
)
def test_a_key_of_another_curve_or_off_its_curve_is_skipped(
    jwk_for: JWKFor, algorithm: str, members: dict[str, object], reason: SkipReason | None
) -> None:
    """E1: RFC 7518, section 6.2.1: full-size coordinates of a point on the curve."""
    expected = reason or SkipReason.POINT_NOT_ON_CURVE
    assert reason_for(jwk_for(algorithm, **members)) is expected


def test_a_coordinate_of_another_point_is_refused(jwk_for: JWKFor) -> None:
    jwk = jwk_for("ES256")
    assert reason_for(jwk | {"x": jwk["y"]}) is SkipReason.POINT_NOT_ON_CURVE


members = st.sampled_from(
    ["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "d", "k", "x5c"]
)
words = st.sampled_from(
    ["RSA", "EC", "OKP", "oct", "sig", "RS256", "ES256", "EdDSA", "P-256", "P-521", "Ed25519"]
)
json_values = st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=9)
octets = st.binary(max_size=70).map(b64url_encode)


@examples(300)
@given(
    st.sampled_from(["RS256", "ES256", "ES512", "EdDSA"]),
    st.dictionaries(members, json_values | octets | st.lists(json_values, max_size=3), max_size=4),
    st.sets(members, max_size=2),
)
def test_any_object_is_a_usable_key_or_skipped(
    jwk_for: JWKFor, algorithm: str, changed: dict[str, object], removed: set[str]
) -> None:
    """E1: garbage in: a key or a reason, never another exception."""
    jwk = jwk_for(algorithm, **changed)
    for name in removed:
        jwk.pop(name, None)
    try:
        key = read_public_key(jwk)
    except UnusableKeyError:
        return
    assert key.algorithms
    assert not key.verify(min(key.algorithms), b"a.b", b"")


def test_a_key_id_has_up_to_2048_characters() -> None:
    """D7: the number that SECURITY.md promises; the did:key of an RSA key has 755."""
    assert MAX_KID_LENGTH == 2048


@pytest.mark.parametrize("reason", SkipReason)
def test_a_reason_is_its_name_in_lower_case(reason: SkipReason) -> None:
    """E1: operators find the values in logs and events, so they stay as they are."""
    assert reason.value == reason.name.lower()


def test_a_key_for_signatures_may_be_for_making_them_too(jwk_for: JWKFor) -> None:
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
    ids=["RS256", "ES256", "ES512", "EdDSA"],
)
def test_a_thumbprint_is_made_of_the_required_members_in_their_order(
    jwk_for: JWKFor, algorithm: str, members: tuple[str, ...]
) -> None:
    """H2: RFC 7638, sections 3.2 and 3.3; RFC 8037, section 2."""
    jwk = jwk_for(algorithm, kid="a", x5t="b")
    canonical = "{" + ",".join(f'"{name}":"{jwk[name]}"' for name in members) + "}"
    expected = b64url_encode(hashlib.sha256(canonical.encode()).digest())
    assert read_public_key(jwk).thumbprint == expected
