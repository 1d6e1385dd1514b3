"""The closed table of algorithms, each bound to one kind of key."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from tests.support.fresh_process import printed_by

from asgi_jwks.jose.algorithms import (
    ALGORITHMS,
    ASYMMETRIC_ALGORITHMS,
    SYMMETRIC_ALGORITHMS,
    algorithms_for,
    signature_check,
)
from asgi_jwks.jose.jwk import read_public_key
from asgi_jwks.testing import SigningKey

RSA = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}


def test_the_algorithms_are_these_and_no_others() -> None:
    assert sorted(SYMMETRIC_ALGORITHMS) == ["HS256", "HS384", "HS512"]
    rest = {"ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
    assert sorted(ASYMMETRIC_ALGORITHMS) == sorted(RSA | rest)
    assert sorted(ALGORITHMS) == sorted(ASYMMETRIC_ALGORITHMS | SYMMETRIC_ALGORITHMS)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", "rs256", "ES256K", "ES521", "HS1"])
def test_none_and_everything_else_is_nowhere(name: str) -> None:
    """D3: algorithms are compared as case-sensitive strings, and `none` is never one."""
    assert name not in ALGORITHMS
    with pytest.raises(KeyError):
        signature_check(name)


def test_the_table_cannot_be_extended() -> None:
    assert not hasattr(ALGORITHMS, "__setitem__")
    assert not hasattr(ALGORITHMS, "update")


def test_each_algorithm_fits_one_kind_of_key() -> None:
    """D4: a key is used with one algorithm family; each ECDSA algorithm has one curve."""
    assert algorithms_for("RSA") == RSA
    assert algorithms_for("EC", "P-256") == {"ES256"}
    assert algorithms_for("EC", "P-384") == {"ES384"}
    assert algorithms_for("EC", "P-521") == {"ES512"}
    assert algorithms_for("OKP", "Ed25519") == {"EdDSA", "Ed25519"}
    assert algorithms_for("oct") == SYMMETRIC_ALGORITHMS
    for kind in (("EC", "secp256k1"), ("OKP", "Ed448"), ("EC", None), ("RSA", "P-256"), ("", None)):
        assert algorithms_for(*kind) == frozenset()


def test_each_algorithm_has_its_own_check_made_once() -> None:
    checks = {name: signature_check(name) for name in ALGORITHMS}
    assert all(signature_check(name) is check for name, check in checks.items())
    assert checks["EdDSA"] is checks["Ed25519"]
    assert len({id(check) for check in checks.values()}) == len(ALGORITHMS) - 1


def test_importing_the_room_imports_neither_pyjwt_nor_cryptography() -> None:
    program = (
        "import sys, asgi_jwks.jose.jwk_set, asgi_jwks.jose.jws\n"
        "print(sorted({'jwt', 'cryptography'} & set(sys.modules)))"
    )
    assert printed_by(program) == "[]\n"


@pytest.mark.parametrize(("algorithm", "octets"), [("ES256", 32), ("ES384", 48), ("ES512", 66)])
def test_degenerate_ecdsa_signatures_are_signatures_of_nothing(algorithm: str, octets: int) -> None:
    """D3: zeros, DER, and any other length than RFC 7518, section 3.4 has it."""
    key = SigningKey.generate(algorithm)
    check, public = signature_check(algorithm), read_public_key(key.public_jwk())._material
    good = key.signature(b"message")
    assert check.verify(b"message", public, good)
    r, s = int.from_bytes(good[:octets]), int.from_bytes(good[octets:])
    for bad in (
        b"",
        bytes(2 * octets),
        bytes(octets) + good[octets:],
        good[:octets] + bytes(octets),
        b"\xff" * 2 * octets,
        good[:-1],
        good + b"\0",
        encode_dss_signature(r, s),
    ):
        assert not check.verify(b"message", public, bad)
