"""What is taken as a shared secret, and what only looks like something else."""

import contextlib
import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.jose.encoding import b64url_decode, b64url_encode
from asgi_jwks.jose.key import symmetric_key

JWK = b'{"kty":"oct","k":"RyLx0Qm7bZ1cVn4KtJpWs8dFhGaUeYiOo2Tq5Xv9N3A"}'


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
    secret = bytes(range(32))
    canonical = b'{"k":"%s","kty":"oct"}' % b64url_encode(secret).encode()
    expected = b64url_encode(hashlib.sha256(canonical).digest())
    assert symmetric_key(secret, "HS256").thumbprint == expected


RFC_7515 = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
FASTAPI = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"
NO_SECRETS: dict[str, tuple[bytes, str]] = {
    "one letter": (b"s" * 32, "different bytes"),
    "zeros": (bytes(64), "different bytes"),
    "fifteen letters": (b"abcdefghijklmno" + b"a" * 40, "different bytes"),
    "hexadecimal digits again": (b"0123456789abcdef0123456789abcdef", "repeats itself"),
    "few bytes as digits": (b"abababababababababababababababab" * 2, "different bytes"),
    "a word again and again": (b"Jackdaws-love-my-quartz/" * 2, "repeats itself"),
    "words that are cut off": (
        b"Jackdaws-love-my-quartz/Jackdaws-love-my-quartz/Jackdaws",
        "repeats itself",
    ),
    "RFC 7515 as text": (RFC_7515.encode(), "example"),
    "RFC 7515 as octets": (b64url_decode(RFC_7515.encode()), "example"),
    "FastAPI": (FASTAPI.encode(), "example"),
    "FastAPI as octets": (bytes.fromhex(FASTAPI), "example"),
    "FastAPI in capitals": (FASTAPI.upper().encode(), "example"),
    "Flask": (b"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", "example"),
    "jwt.io": (b"a-string-secret-at-least-256-bits-long", "example"),
    "jwt.io, a little changed": (b"A_String_Secret_At_Least_256_Bits_Long!", "example"),
    "Supabase": (b"super-secret-jwt-token-with-at-least-32-characters-long", "example"),
    "Django": (b"django-insecure-8z$y0m!x2c@w6v#b4n%k1j^h3g&f5d", "example"),
    "the alphabet": (b"abcdefghijklmnopqrstuvwxyz0123456789", "example"),
}


@pytest.mark.parametrize(("secret", "why"), NO_SECRETS.values(), ids=NO_SECRETS)
def test_what_everyone_can_guess_is_not_a_secret(secret: bytes, why: str) -> None:
    """H8: at least 16 different bytes, not periodic, not an example."""
    with pytest.raises(ValueError, match=f"comes from a random generator; this one .*{why}") as no:
        symmetric_key(secret, "HS256")
    assert secret.decode("latin-1") not in str(no.value)


@examples(200)
@given(st.integers(0, 2**64))
def test_a_random_secret_is_taken_in_each_spelling(seed: int) -> None:
    """H8: hexadecimal digits are 16 at most, and may lack some of them."""
    octets = random.Random(seed).randbytes(32)
    for secret in (octets, octets.hex().encode(), b64url_encode(octets).encode()):
        assert symmetric_key(secret, "HS256").kty == "oct"


@pytest.mark.parametrize("distinct", [15, 16])
def test_sixteen_different_bytes_are_the_fewest(distinct: int) -> None:
    """H8: the number that is promised."""
    secret = bytes(200 + n % distinct for n in range(28)) + bytes([200, 202, 201, 205] * 4)
    refusal = pytest.raises(ValueError, match="fewer than 16 different bytes")
    with refusal if distinct < 16 else contextlib.nullcontext():
        symmetric_key(secret, "HS256")
