"""One private key for each kind, its public JWK, and tokens that PyJWT signs with it."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from asgi_jwks.jose.algorithms import algorithms_for


@pytest.fixture(scope="session")
def private_keys() -> dict[str, Any]:
    """Algorithm -> private key, for every asymmetric algorithm by its PyJWT name."""
    return {
        **dict.fromkeys(algorithms_for("RSA"), rsa.generate_private_key(65537, 2048)),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "ES384": ec.generate_private_key(ec.SECP384R1()),
        "ES512": ec.generate_private_key(ec.SECP521R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }


@pytest.fixture(scope="session")
def jwk_for(private_keys: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """The public JWK that fits an algorithm, without `alg`, and with the members given."""

    def jwk_for(algorithm: str, **members: object) -> dict[str, Any]:
        public_key = private_keys[algorithm].public_key()
        if isinstance(public_key, rsa.RSAPublicKey):
            jwk = RSAAlgorithm.to_jwk(public_key, as_dict=True)
            del jwk["key_ops"]
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            jwk = ECAlgorithm.to_jwk(public_key, as_dict=True)
        else:
            jwk = OKPAlgorithm.to_jwk(public_key, as_dict=True)
        return jwk | members

    return jwk_for


@pytest.fixture(scope="session")
def sign(private_keys: dict[str, Any]) -> Callable[..., bytes]:
    """Sign claims with the key of an algorithm."""

    def sign(algorithm: str, claims: dict[str, Any], **headers: Any) -> bytes:
        return jwt.encode(claims, private_keys[algorithm], algorithm, headers=headers).encode()

    return sign
