"""A key verifies with its own algorithms, answers False to all else, and gives no secret away."""

import hashlib
import hmac
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples
from tests.support.immutability import assert_immutable

from asgi_jwks._printable import printable
from asgi_jwks.jose.algorithms import ALGORITHMS, ASYMMETRIC_ALGORITHMS
from asgi_jwks.jose.jwk import read_public_key
from asgi_jwks.jose.jws import decode_signature, segments_of
from asgi_jwks.jose.key import VerificationKey, symmetric_key

SECRET = bytes(range(64))
PYJWT_NAMES = sorted(ASYMMETRIC_ALGORITHMS - {"Ed25519"})

few = examples(60)


def signed_parts(token: bytes) -> tuple[bytes, bytes]:
    _, _, signature_segment, signing_input = segments_of(token)
    return signing_input, decode_signature(signature_segment)


@pytest.mark.parametrize("algorithm", PYJWT_NAMES)
def test_a_key_verifies_what_its_private_half_signed(
    algorithm: str, jwk_for: Callable[..., dict[str, Any]], sign: Callable[..., bytes]
) -> None:
    key = read_public_key(jwk_for(algorithm))
    signing_input, signature = signed_parts(sign(algorithm, {}))
    assert key.verify(algorithm, signing_input, signature)
    assert not key.verify(algorithm, signing_input + b"x", signature)
    assert not key.verify(algorithm, signing_input, signature[:-1] + bytes([signature[-1] ^ 1]))


@pytest.mark.parametrize("algorithm", PYJWT_NAMES)
def test_no_signature_of_any_length_raises(
    algorithm: str, jwk_for: Callable[..., dict[str, Any]], sign: Callable[..., bytes]
) -> None:
    key = read_public_key(jwk_for(algorithm))
    signing_input, signature = signed_parts(sign(algorithm, {}))
    size = len(signature)
    for wrong in (b"", b"\0", signature[:-1], signature + b"\0", b"\0" + signature):
        assert not key.verify(algorithm, signing_input, wrong)
    for filling in (b"\0", b"\xff"):
        for length in (1, size // 2, size - 1, size, size + 1, 2 * size):
            assert not key.verify(algorithm, signing_input, filling * length)


@pytest.mark.parametrize("algorithm", PYJWT_NAMES)
def test_a_signature_counts_for_no_other_algorithm(
    algorithm: str, jwk_for: Callable[..., dict[str, Any]], sign: Callable[..., bytes]
) -> None:
    """D4: a key is used with one algorithm family."""
    key = read_public_key(jwk_for(algorithm))
    signing_input, signature = signed_parts(sign(algorithm, {}))
    same = {"EdDSA", "Ed25519"} if algorithm == "EdDSA" else {algorithm}
    for other in [*ALGORITHMS, "none", "None", "", algorithm.lower()]:
        assert key.verify(other, signing_input, signature) is (other in same)


def test_a_key_with_alg_verifies_with_that_algorithm_only(
    jwk_for: Callable[..., dict[str, Any]], sign: Callable[..., bytes]
) -> None:
    """E2: `alg` absent or equal to the token's."""
    key = read_public_key(jwk_for("RS256", alg="RS256"))
    signing_input, signature = signed_parts(sign("PS256", {}))
    assert not key.verify("PS256", signing_input, signature)


@few
@given(st.binary(max_size=300), st.sampled_from(sorted(ALGORITHMS)))
def test_any_bytes_as_a_signature_are_just_wrong(
    jwk_for: Callable[..., dict[str, Any]], signature: bytes, algorithm: str
) -> None:
    for name in ("RS256", "ES256", "ES512", "EdDSA"):
        assert not read_public_key(jwk_for(name)).verify(algorithm, b"a.b", signature)
    assert not symmetric_key(SECRET, "HS256").verify(algorithm, b"a.b", signature)


def test_an_rsa_public_key_is_never_an_hmac_secret(private_keys: dict[str, Any]) -> None:
    """D4: the classic confusion of RS256 and HS256."""
    public_key: rsa.RSAPublicKey = private_keys["RS256"].public_key()
    forms = [
        public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public_key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    ]
    for octets in forms:
        with pytest.raises(ValueError, match="is not a shared secret"):
            symmetric_key(octets, "HS256")


def test_a_certificate_is_never_an_hmac_secret() -> None:
    """D4: as published at Firebase's x509 address."""
    sample = Path(__file__).parent.parent / "provider_samples" / "firebase-x509.json"
    (certificate,) = json.loads(sample.read_bytes())["x509"].values()
    for octets in (certificate.encode(), ssl.PEM_cert_to_DER_cert(certificate)):
        with pytest.raises(ValueError, match="is not a shared secret"):
            symmetric_key(octets, "HS256")


def test_a_jwk_is_not_a_shared_secret() -> None:
    with pytest.raises(ValueError, match="is not a shared secret"):
        symmetric_key(b'{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}', "HS256")


@pytest.mark.parametrize(("algorithm", "octets"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_shared_secret_is_as_long_as_the_hash_or_longer(algorithm: str, octets: int) -> None:
    """RFC 7518, section 3.2."""
    with pytest.raises(ValueError, match=f"at least {octets} bytes"):
        symmetric_key(SECRET[: octets - 1], algorithm)
    key = symmetric_key(SECRET[:octets], algorithm)
    mac = hmac.digest(SECRET[:octets], b"a.b", f"sha{algorithm[2:]}")
    assert key.verify(algorithm, b"a.b", mac)
    assert not key.verify(algorithm, b"a.b", mac[:-1])
    assert not key.verify(algorithm, b"a.b", b"")
    assert (key.kid, key.kty, key.algorithms) == (None, "oct", frozenset({algorithm}))


@pytest.mark.parametrize("algorithm", ["RS256", "none", "hs256", "HS1", ""])
def test_a_shared_secret_is_used_with_hmac_only(algorithm: str) -> None:
    with pytest.raises(ValueError, match="HS256, HS384 or HS512"):
        symmetric_key(SECRET, algorithm)


def test_the_repr_is_short_and_tells_no_secret() -> None:
    """H1: nothing that guesses can be tried against."""
    key = symmetric_key(SECRET, "HS256")
    assert repr(key) == ("VerificationKey(kid=None, kty='oct', algorithms=frozenset({'HS256'}))")
    assert hashlib.sha256(SECRET).hexdigest() not in repr(key)


def test_a_key_cannot_be_changed(jwk_for: Callable[..., dict[str, Any]]) -> None:
    key = read_public_key(jwk_for("RS256"))
    with pytest.raises(AttributeError):
        key.__setattr__("algorithms", frozenset({"none"}))


def test_keys_are_equal_by_what_they_verify(jwk_for: Callable[..., dict[str, Any]]) -> None:
    key = read_public_key(jwk_for("RS256", kid="a"))
    same = read_public_key(jwk_for("RS256", kid="a", x5t="ignored"))
    assert key == same
    assert len({key, same}) == 1
    others = [jwk_for("RS256"), jwk_for("RS256", kid="b"), jwk_for("ES256", kid="a")]
    others.append(jwk_for("RS256", kid="a", alg="RS256"))
    assert all(key != read_public_key(jwk) for jwk in others)
    assert isinstance(key, VerificationKey)


@pytest.mark.parametrize(
    ("kid", "expected"),
    [
        ("abc-DEF_1", "abc-DEF_1"),
        ("", ""),
        ("a\r\nSet-Cookie: b", r"a\r\nSet-Cookie: b"),
        ("\x1b[31m\x00", r"\x1b[31m\x00"),
        ("é\u2028\ud800😀", r"\xe9\u2028\ud800\U0001f600"),
        ('it\'s "q" \\', 'it\\\'s "q" \\\\'),
        ("k" * 64, "k" * 64),
        ("k" * 65, "k" * 61 + "..."),
        ("\n" * 64, r"\n" * 30 + "\\..."),
    ],
)
def test_a_kid_is_shown_escaped_and_shortened(kid: str, expected: str) -> None:
    """D7: a kid reaches a log only escaped and shortened."""
    assert printable(kid) == expected


@few
@given(st.text(max_size=300) | st.text(alphabet=st.characters(categories=["Cs", "Cc"])))
def test_whatever_the_kid_it_is_shown_as_one_short_line(kid: str) -> None:
    """D7: printable ASCII, at most 64 characters."""
    text = printable(kid)
    assert len(text) <= 64
    assert text.isascii()
    assert text.isprintable()


def test_a_key_is_an_immutable_value() -> None:
    """Requests and threads share it."""
    assert_immutable(symmetric_key(SECRET, "HS256"))
