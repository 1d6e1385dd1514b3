import hmac
import json

import jwt
import pytest
from cryptography.exceptions import InvalidSignature

from asgi_jwks.testing import MockIssuer, SigningKey, forge
from asgi_jwks.testing.forgery import PublicKeyForm

KEY = SigningKey.generate("RS256", kid="k1")
ISSUER = MockIssuer(key=KEY)
TOKEN = ISSUER.access_token()


def is_signed_by_the_issuer(token: str) -> bool:
    try:
        jwt.decode(token, jwt.PyJWK(KEY.public_jwk()), options={"verify_aud": False})
    except (jwt.InvalidTokenError, InvalidSignature):
        return False
    return True


def test_a_token_comes_apart_into_its_octets() -> None:
    parts = forge.split(TOKEN)
    assert parts.header_members == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert parts.claims["iss"] == "https://mock-issuer.example/"
    assert len(parts.signature) == 256
    assert forge.encode(parts.header, parts.payload, sign=lambda _: parts.signature) == TOKEN


def test_raw_octets_go_through_as_they_are() -> None:
    token = forge.encode(b'{"alg":"RS256","alg":"none"}', b"\xff\xfe", sign=KEY.signature)
    parts = forge.split(token)
    assert parts.header == b'{"alg":"RS256","alg":"none"}'
    assert parts.payload == b"\xff\xfe"
    assert parts.signature == KEY.signature(token.rpartition(".")[0].encode())


@pytest.mark.parametrize("spelling", ["none", "None", "nOnE"])
def test_alg_none_takes_the_signature_away(spelling: str) -> None:
    forged = forge.split(forge.with_alg_none(TOKEN, spelling=spelling))
    assert forged.header_members == {"alg": spelling, "typ": "JWT", "kid": "k1"}
    assert forged.payload == forge.split(TOKEN).payload
    assert forged.signature == b""


def test_a_changed_payload_keeps_header_and_signature() -> None:
    token = forge.with_changed_payload(TOKEN, sub="admin", azp=None, token="x")
    before, forged = forge.split(TOKEN), forge.split(token)
    assert (forged.header, forged.signature) == (before.header, before.signature)
    assert forged.claims["sub"] == "admin"
    assert forged.claims["token"] == "x"
    assert "azp" not in forged.claims
    assert not is_signed_by_the_issuer(token)


def test_a_changed_header_keeps_payload_and_signature() -> None:
    token = forge.with_changed_header(TOKEN, kid=None, crit=["exp"])
    before, forged = forge.split(TOKEN), forge.split(token)
    assert (forged.payload, forged.signature) == (before.payload, before.signature)
    assert forged.header_members == {"alg": "RS256", "typ": "JWT", "crit": ["exp"]}


def test_a_flipped_signature_differs_in_one_bit() -> None:
    token = forge.with_flipped_signature(TOKEN)
    pairs = zip(forge.split(TOKEN).signature, forge.split(token).signature, strict=True)
    assert sum((a ^ b).bit_count() for a, b in pairs) == 1
    assert is_signed_by_the_issuer(TOKEN)
    assert not is_signed_by_the_issuer(token)


def test_a_resigned_token_names_the_old_key_and_is_signed_by_another() -> None:
    stranger = SigningKey.generate("ES256")
    token = forge.resigned(TOKEN, stranger, jwk=stranger.public_jwk(), typ=None)
    assert forge.split(token).header_members == {
        "alg": "ES256",
        "kid": "k1",
        "jwk": stranger.public_jwk(),
    }
    jwt.decode(token, jwt.PyJWK(stranger.public_jwk()), options={"verify_aud": False})


@pytest.mark.parametrize("form", ["pem", "pem without end", "pkcs1", "der", "jwk"])
def test_key_confusion_uses_the_public_key_as_a_secret(form: PublicKeyForm) -> None:
    token = forge.signed_with_hs256_and_the_public_key(ISSUER, token=TOKEN, form=form)
    parts = forge.split(token)
    assert parts.header_members == {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    assert parts.payload == forge.split(TOKEN).payload
    secret = forge.public_key_octets(KEY, form)
    signing_input = token.rpartition(".")[0].encode()
    assert parts.signature == hmac.digest(secret, signing_input, "sha256")


def test_key_confusion_forges_an_access_token_of_the_issuer_by_default() -> None:
    token = forge.signed_with_hs256_and_the_public_key(ISSUER)
    assert forge.split(token).claims["iss"] == ISSUER.issuer


def test_the_forms_of_a_public_key_are_what_they_say() -> None:
    assert forge.public_key_octets(KEY).startswith(b"-----BEGIN PUBLIC KEY-----")
    assert forge.public_key_octets(KEY, "pem without end") == KEY.public_pem()[:-1]
    assert forge.public_key_octets(KEY, "pkcs1").startswith(b"-----BEGIN RSA PUBLIC KEY-----")
    assert forge.public_key_octets(KEY, "der").startswith(b"0\x82")
    assert json.loads(forge.public_key_octets(KEY, "jwk")) == KEY.public_jwk()


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_hmac_signer_makes_tokens_of_a_shared_secret(algorithm: str) -> None:
    secret = b"s" * 64
    sign = forge.hmac_signer(secret, algorithm)
    token = forge.encode({"alg": algorithm}, {"sub": "alice"}, sign=sign)
    assert jwt.decode(token, secret, algorithms=[algorithm]) == {"sub": "alice"}
