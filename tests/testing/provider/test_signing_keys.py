import gc
from collections import deque

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from asgi_jwks.testing import SigningKey
from asgi_jwks.testing.provider import signing_keys

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, "EdDSA"])
def test_a_token_verifies_with_the_published_jwk_of_its_key(algorithm: str) -> None:
    key = SigningKey.generate(algorithm, kid="k1")
    token = key.sign({"alg": algorithm, "kid": "k1"}, {"sub": "alice"})
    published = jwt.PyJWK(key.public_jwk())
    assert jwt.decode(token, published, algorithms=[algorithm]) == {"sub": "alice"}
    assert key.public_jwk()["alg"] == algorithm
    assert key.public_jwk()["use"] == "sig"
    assert key.public_jwk()["kid"] == "k1"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_no_private_member_is_published(algorithm: str) -> None:
    published = SigningKey.generate(algorithm).public_jwk()
    assert published.keys() <= {"kty", "n", "e", "crv", "x", "y", "use", "alg", "kid"}


def test_the_private_key_is_not_in_the_repr() -> None:
    assert "private" not in repr(SigningKey.generate("ES256"))


def test_generated_keys_have_different_kids_and_material() -> None:
    first, second = SigningKey.generate(), SigningKey.generate()
    assert first.kid != second.kid
    assert first.public_jwk()["n"] != second.public_jwk()["n"]


def test_the_size_of_an_rsa_key_can_be_chosen() -> None:
    key = SigningKey.generate("RS256", key_size=1024)
    assert isinstance(key.private_key, rsa.RSAPrivateKey)
    assert key.private_key.key_size == 1024


def test_an_unknown_algorithm_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no signing key for the algorithm 'HS256'.*RS256"):
        SigningKey.generate("HS256")


def test_the_pem_is_the_public_key() -> None:
    key = SigningKey.generate("ES256")
    assert load_pem_public_key(key.public_pem()) == key.private_key.public_key()


def test_nothing_is_added_to_a_signed_header() -> None:
    token = SigningKey.generate("ES256").sign({"alg": "RS256"}, b"not json")
    assert jwt.get_unverified_header(token) == {"alg": "RS256"}


def test_key_material_rests_behind_others_before_it_serves_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock = signing_keys._Stock()
    monkeypatch.setattr(signing_keys, "_stock", stock)
    first = SigningKey.generate()
    material = first.private_key
    del first
    gc.collect()
    assert stock._idle == deque([material])
    assert SigningKey.generate().private_key is not material
    gc.collect()
    while len(stock._idle) <= stock._RESTING:
        stock.put_back(rsa.generate_private_key(65537, 1024))
    assert SigningKey.generate().private_key is material
