"""What is taken as a shared secret, and what only looks like something else."""

import contextlib
import hashlib

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.key import symmetric_key

JWK = b'{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'


@pytest.mark.parametrize(
    "published",
    [
        b"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= me@host",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@host",
        b"note\n-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ",
        JWK,
        b"\n " + JWK,
    ],
)
def test_a_published_key_is_no_secret(published: bytes) -> None:
    """D4: CVE-2022-29217: whoever configures it lets everyone sign."""
    with pytest.raises(ValueError, match="is not a shared secret"):
        symmetric_key(published, "HS256")


@pytest.mark.parametrize(
    "secret",
    [
        b"{curly-but-not-json-0123456789-0123456789}",
        b'not an object, though it says "kty" somewhere',
        JWK[1:],
        b"a secret that only ends in ecdsa-" + bytes(8),
    ],
)
def test_a_secret_may_look_a_little_like_one(secret: bytes) -> None:
    key = symmetric_key(secret, "HS256")
    assert key.kty == "oct"


def test_a_der_key_of_an_unknown_algorithm_is_no_foreign_exception() -> None:
    """A SubjectPublicKeyInfo whose algorithm, 1.2.3, nobody implements: taken, or ValueError."""
    algorithm = bytes.fromhex("3004 0602 2a03")
    subject_public_key = bytes.fromhex("0321 00") + bytes(32)
    octets = algorithm + subject_public_key
    with contextlib.suppress(ValueError):
        symmetric_key(b"\x30" + bytes([len(octets)]) + octets, "HS256")


def test_the_thumbprint_of_a_secret_is_that_of_its_jwk() -> None:
    """H2: RFC 7638, section 3.2: `k` and `kty`, in this order."""
    canonical = b'{"k":"%s","kty":"oct"}' % b64url_encode(bytes(32)).encode()
    expected = b64url_encode(hashlib.sha256(canonical).digest())
    assert symmetric_key(bytes(32), "HS256").thumbprint == expected


def test_a_der_key_of_an_algorithm_newer_than_the_library_is_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """D4: which ones those are depends on the library's version."""

    def load_der_public_key(_octets: bytes) -> None:
        raise UnsupportedAlgorithm("newer than the library")

    monkeypatch.setattr(serialization, "load_der_public_key", load_der_public_key)
    with pytest.raises(ValueError, match="is not a shared secret"):
        symmetric_key(bytes(32), "HS256")
