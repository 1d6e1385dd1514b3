"""The attacker's odd RSA keys: their signatures are right, so that only a rule can refuse them."""

import hashlib

import pytest

from asgi_jwks.testing import forge
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys


@pytest.fixture(scope="module")
def keys() -> HostileKeys:
    return HostileKeys()


@pytest.mark.parametrize("kid", ["modulus-1024", "modulus-8704", "modulus-even", "exponent-1"])
def test_a_signature_with_odd_numbers_is_right(keys: HostileKeys, kid: str) -> None:
    """E3: RFC 8017, section 8.2.2, by hand."""
    key = keys.rsa[kid]
    token = key.sign({"alg": "RS256", "kid": kid}, {"sub": "mallory"})
    signed = token.rpartition(".")[0].encode()
    size = (key.n.bit_length() + 7) // 8
    message = pow(int.from_bytes(forge.split(token).signature), key.e, key.n).to_bytes(size)
    assert message.startswith(b"\0\1\xff\xff")
    assert message.endswith(hashlib.sha256(signed).digest())


def test_the_odd_moduli_have_the_sizes_that_their_names_say(keys: HostileKeys) -> None:
    assert keys.rsa["modulus-1024"].n.bit_length() == 1024
    assert 8192 < keys.rsa["modulus-8704"].n.bit_length() <= 8704
    assert keys.rsa["modulus-even"].n % 2 == 0


def test_a_cube_root_forgery_looks_right_to_whoever_reads_from_the_left(keys: HostileKeys) -> None:
    """E3: Bleichenbacher's forgery of 2006."""
    numbers = keys.cube_root.public_key().public_numbers()
    forged = int.from_bytes(keys.cube_root_forgery(b"anything"))
    message = pow(forged, numbers.e, numbers.n).to_bytes(256)
    assert message.startswith(b"\0\1" + b"\xff" * 8 + b"\0")
    assert hashlib.sha256(b"anything").digest() in message
