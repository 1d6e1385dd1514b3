"""Keys that are given."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
from asgi_jwks.testing import SigningKey

KEY = SigningKey.generate("ES256")
JWKS: dict[str, Any] = {"keys": [KEY.public_jwk()]}
TEXT = json.dumps(JWKS)
RANDOM = bytes.fromhex(
    "9f1c27a4e05db3886a412fd790c5be13774e0a9b62d8f53115ce8a60b92f7d44"
    "03e7516bac98d20f4476e1b83d5a2c9f6087fb1294ead35c1f70a8964be2d51a"
)


def passes() -> None:
    """A screen that nothing fails."""


@pytest.mark.parametrize(
    "jwks",
    [JWKS, TEXT, f"\n {TEXT}", TEXT.encode()],
    ids=["a mapping", "text", "text after white space", "bytes"],
)
@pytest.mark.anyio
async def test_a_set_is_given_as_a_mapping_text_or_bytes(jwks: Any) -> None:
    keys = StaticJWKSet(jwks)
    assert keys.at_hand().key_ids == (KEY.kid,)
    found = await keys.find(KEY.kid, "ES256", passes)
    assert found.kid == KEY.kid
    with pytest.raises(InvalidToken) as refused:
        await keys.find("another", "ES256", passes)
    assert refused.value.reason is Reason.UNKNOWN_KEY


@pytest.mark.parametrize("kind", [str, Path])
def test_a_set_is_given_as_a_path(tmp_path: Path, kind: type[str] | type[Path]) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(TEXT)
    assert StaticJWKSet(kind(path)).at_hand().key_ids == (KEY.kid,)


@pytest.mark.parametrize(
    ("jwks", "why"),
    [
        ("/no/such/file", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("\ud800", "cannot be read"),
        ("[]", "cannot be read"),
        ("", "cannot be read"),
        ({}, "no 'keys' array"),
        ({"keys": []}, "no key"),
        ("{", "Give a JWK Set, a JWK"),
        (b"\xff", "Give a JWK Set, a JWK"),
        (None, "takes a dict"),
        ([], "takes a dict"),
    ],
)
def test_what_is_no_usable_set_is_a_configuration_error(jwks: Any, why: str) -> None:
    """F14."""
    with pytest.raises(ConfigurationError, match=why):
        StaticJWKSet(jwks)


@pytest.mark.anyio
async def test_given_keys_need_nothing_done() -> None:
    keys = StaticJWKSet(JWKS)
    await keys.warm()
    await keys.keep_fresh()
    await keys.aclose()
    found = await keys.find(KEY.kid, "ES256", passes)
    await keys.replacement_for(found, "ES256")
    assert not keys.can_replace(found)
    assert keys.same_source(StaticJWKSet(TEXT))
    assert not keys.same_source(SharedSecret(RANDOM[:32]))
    assert not keys.can_find_more()


@pytest.mark.parametrize(
    ("secret", "algorithm"),
    [(RANDOM[:32], "HS256"), (RANDOM.hex()[:48], "HS384"), (RANDOM, "HS512")],
    ids=["HS256", "HS384 as text", "HS512"],
)
@pytest.mark.anyio
async def test_a_shared_secret_serves_its_one_algorithm(
    secret: bytes | str, algorithm: str
) -> None:
    """D4."""
    keys = SharedSecret(secret, algorithm=algorithm)
    assert keys.algorithms == {algorithm}
    assert (await keys.find(None, algorithm, passes)).kty == "oct"
    with pytest.raises(InvalidToken):
        await keys.find(None, "RS256", passes)


@pytest.mark.parametrize(
    ("secret", "algorithm"),
    [
        (b"short", "HS256"),
        (RANDOM[:32], "HS512"),
        (RANDOM[:32], "RS256"),
        ("\ud800" * 32, "HS256"),
        (KEY.public_pem(), "HS256"),
    ],
    ids=["short", "short for HS512", "not an HMAC algorithm", "lone surrogates", "a public key"],
)
def test_a_bad_secret_is_a_configuration_error(secret: bytes | str, algorithm: str) -> None:
    """F14: RFC 7518, section 3.2."""
    with pytest.raises(ConfigurationError, match=r"secrets\.token_bytes"):
        SharedSecret(secret, algorithm=algorithm)


def pem_of(key: SigningKey) -> str:
    """The public key in PEM."""
    encoding, form = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    return key.private_key.public_key().public_bytes(encoding, form).decode()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_a_public_key_in_pem_is_the_key_of_its_jwk(algorithm: str) -> None:
    key = SigningKey.generate(algorithm)
    (given,) = StaticJWKSet(pem_of(key)).at_hand().keys
    (by_name,) = StaticJWKSet({"a": pem_of(key).encode()}).at_hand().keys
    (published,) = StaticJWKSet({"keys": [key.public_jwk()]}).at_hand().keys
    assert given.thumbprint == by_name.thumbprint == published.thumbprint
    assert (given.kid, by_name.kid) == (None, "a")


def test_one_jwk_is_a_set_of_one_key() -> None:
    jwk = SigningKey.generate("RS256").public_jwk()
    for form in (jwk, json.dumps(jwk), json.dumps(jwk).encode()):
        assert StaticJWKSet(form).at_hand().key_ids == (jwk["kid"],)


def test_a_certificate_in_pem_is_the_key_in_it(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer.example")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    file = tmp_path / "issuer.pem"
    file.write_bytes(certificate)
    assert StaticJWKSet(file).at_hand().same_keys(StaticJWKSet(certificate).at_hand())


def test_pem_that_is_not_one_public_key_is_refused_with_a_sentence() -> None:
    public = pem_of(SigningKey.generate("RS256"))
    private = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    unknown = x25519.X25519PrivateKey.generate().public_key()
    exchange = unknown.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    curve = ec.generate_private_key(ec.SECP256K1()).public_key()
    other_curve = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    mistakes = {
        private: "private key",
        (public + public).encode(): "several keys",
        exchange: "of this kind",
        other_curve: "of this kind",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----": "Give a JWK Set",
    }
    for text, said in mistakes.items():
        with pytest.raises(ConfigurationError, match=said):
            StaticJWKSet(text)
    with pytest.raises(ConfigurationError, match="Give a JWK Set"):
        StaticJWKSet({"a": 1})
