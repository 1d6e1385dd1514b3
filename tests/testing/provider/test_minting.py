import base64
import hashlib
import re
from typing import Any

import jwt
import pytest

from asgi_jwks.testing import MockIssuer, SigningKey, forge

NOW = 1_800_000_000.25
ISSUER = "https://tenant.eu.auth0.example/"
API = "https://api.example.com"


@pytest.fixture(scope="module")
def issuer() -> MockIssuer:
    return MockIssuer(issuer=ISSUER, audience=API, clock=lambda: NOW)


def header(token: str) -> dict[str, object]:
    return forge.split(token).header_members


def claims(token: str) -> dict[str, Any]:
    return forge.split(token).claims


def test_a_default_token_looks_like_one_of_an_auth0_tenant(issuer: MockIssuer) -> None:
    token = issuer.access_token()
    assert header(token) == {"alg": "RS256", "typ": "JWT", "kid": issuer.signing_key.kid}
    assert claims(token) == {
        "iss": ISSUER,
        "sub": "auth0|60c7a9f2b1d3e40069f8a2b7",
        "aud": [API, f"{ISSUER}userinfo"],
        "iat": 1_800_000_000,
        "exp": 1_800_086_400,
        "azp": "mock-client",
        "scope": "openid profile email",
    }


def test_a_client_token_looks_like_one_of_auth0s_client_credentials_grant(
    issuer: MockIssuer,
) -> None:
    token = issuer.client_token(client_id="cron", scopes="read:all", permissions=["read:all"])
    assert claims(token) == {
        "iss": ISSUER,
        "sub": "cron@clients",
        "aud": API,
        "iat": 1_800_000_000,
        "exp": 1_800_086_400,
        "azp": "cron",
        "gty": "client-credentials",
        "scope": "read:all",
        "permissions": ["read:all"],
    }


def test_an_rfc9068_token_has_what_the_profile_requires(issuer: MockIssuer) -> None:
    """G7: iss, exp, aud, sub, client_id, iat and jti, and typ at+jwt."""
    token = issuer.rfc9068_token(scopes=["a", "b"], headers={"cat": "x"})
    assert header(token)["typ"] == "at+jwt"
    assert header(token)["cat"] == "x"
    assert claims(token).keys() == {
        *("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"),
    }
    assert claims(token)["aud"] == API


def test_an_id_token_is_for_the_client_and_bound_to_the_access_token(issuer: MockIssuer) -> None:
    access_token = issuer.access_token()
    digest = hashlib.sha256(access_token.encode()).digest()[:16]
    body = claims(issuer.id_token(client_id="spa", access_token=access_token))
    assert body["aud"] == "spa"
    assert body["at_hash"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert re.fullmatch(r"[\w-]{22}", body["nonce"])
    assert "at_hash" not in claims(issuer.id_token())


def test_scopes_may_be_one_string_or_several_or_none(issuer: MockIssuer) -> None:
    assert claims(issuer.access_token(scopes="a b"))["scope"] == "a b"
    assert claims(issuer.access_token(scopes=["a", "b"]))["scope"] == "a b"
    assert "scope" not in claims(issuer.access_token(scopes=()))


def test_permissions_are_there_when_given_even_if_empty(issuer: MockIssuer) -> None:
    assert claims(issuer.access_token(permissions=[]))["permissions"] == []
    assert "permissions" not in claims(issuer.access_token())


@pytest.mark.parametrize("audience", ["https://one.example", ["https://a", "https://b"]])
def test_a_given_audience_is_exactly_the_audience(
    issuer: MockIssuer, audience: str | list[str]
) -> None:
    assert claims(issuer.access_token(audience=audience))["aud"] == audience
    assert claims(issuer.client_token(audience=audience))["aud"] == audience
    assert claims(issuer.rfc9068_token(audience=audience))["aud"] == audience


def test_several_apis_are_all_in_the_audience() -> None:
    issuer = MockIssuer(issuer=ISSUER, audience=["https://a", "https://b"], algorithm="ES256")
    assert claims(issuer.access_token())["aud"] == ["https://a", "https://b", f"{ISSUER}userinfo"]


def test_lifetimes_are_in_seconds_and_may_be_negative_or_fractions(issuer: MockIssuer) -> None:
    for mint in (issuer.access_token, issuer.client_token, issuer.rfc9068_token, issuer.id_token):
        assert claims(mint(lifetime=-60))["exp"] == 1_799_999_940
        assert claims(mint(lifetime=0.5))["exp"] == 1_800_000_000.5
        assert claims(mint(issued_at=7, lifetime=3))["iat"] == 7


def test_every_claim_and_header_can_be_replaced_added_or_left_out(issuer: MockIssuer) -> None:
    token = issuer.access_token(
        subject="bob",
        headers={"typ": "x", "jku": "https://evil.example"},
        without_headers="kid",
        without=("exp", "absent"),
        iss="https://evil.example/",
        azp=["not", "a", "string"],
        user_id=7,
    )
    assert header(token) == {"alg": "RS256", "typ": "x", "jku": "https://evil.example"}
    body = claims(token)
    assert "exp" not in body
    assert body["iss"] == "https://evil.example/"
    assert body["azp"] == ["not", "a", "string"]
    assert body["sub"] == "bob"
    assert body["user_id"] == 7


def test_a_token_can_be_signed_with_a_key_of_ones_own(issuer: MockIssuer) -> None:
    key = SigningKey.generate("ES256", kid="mine")
    token = issuer.access_token(key=key)
    assert header(token) == {"alg": "ES256", "typ": "JWT", "kid": "mine"}
    jwt.decode(token, jwt.PyJWK(key.public_jwk()), audience=API, options={"verify_iat": False})
