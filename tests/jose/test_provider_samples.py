"""Key sets that real identity providers published; see tests/provider_samples/SOURCES.md."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from asgi_jwks.errors import InvalidKeySet, InvalidToken, Reason
from asgi_jwks.jose.algorithms import algorithms_for
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jws import parse_compact
from asgi_jwks.jose.skip_reason import SkipReason

SAMPLES = Path(__file__).parent.parent / "provider_samples"

# How many keys of each document are used, and how many are skipped for which reason.
EXPECTED: dict[str, tuple[int, list[SkipReason]]] = {
    "apple-2019": (2, []),
    "auth0": (2, []),
    "auth0-2021": (2, []),
    "auth0-pyjwt-docs": (1, []),
    "aws-cognito": (2, []),
    "aws-cognito-2017": (2, []),
    "cloudflare-access": (1, []),
    "entra-2025": (8, []),
    "entra-one-key": (1, []),
    "entra-v1-common": (7, []),
    "entra-v2": (10, []),
    "entra-v2-common": (10, []),
    "forgejo-actions": (1, []),
    "github-actions": (4, []),
    "gitlab": (3, []),
    "google": (2, []),
    "google-2025": (2, []),
    "janssen": (1, [SkipReason.NOT_FOR_SIGNATURES]),
    "keycloak": (1, [SkipReason.NOT_FOR_SIGNATURES]),
    "okta": (2, []),
    "onelogin": (1, []),
    "supabase": (1, []),
    "vault": (2, []),
}
WITHOUT_ALG = [name for name in EXPECTED if name.startswith("entra")] + ["onelogin"]


@cache
def sample(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_bytes())
    return content


def key_set(name: str) -> JWKSet:
    return JWKSet.parse(json.dumps(sample(name)["jwks"]).encode())


def test_every_sample_is_listed_here_and_in_the_sources() -> None:
    files = {path.stem for path in SAMPLES.glob("*.json")}
    assert files == set(EXPECTED) | {"firebase-x509"}
    sources = (SAMPLES / "SOURCES.md").read_text()
    for name in files:
        assert f"| {name}.json |" in sources
        assert sample(name)["source"]["repo"] in sources


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_a_published_key_set_loads(name: str, expected: tuple[int, list[SkipReason]]) -> None:
    """E1: every key is used, or skipped for the reason that is expected."""
    keys = key_set(name)
    assert (len(keys.keys), [key.reason for key in keys.skipped]) == expected
    assert len(keys.keys) + len(keys.skipped) == len(sample(name)["jwks"]["keys"])
    for key in keys.keys:
        (algorithm, *_) = sorted(key.algorithms)
        assert keys.select(key.kid, algorithm) is key


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"supabase"}))
def test_its_keys_serve_rs256(name: str) -> None:
    keys = key_set(name)
    assert all("RS256" in key.algorithms for key in keys.keys)


@pytest.mark.parametrize("name", WITHOUT_ALG)
def test_keys_without_alg_serve_rs256_too(name: str) -> None:
    """E6: Entra's keys have no `alg`."""
    assert all("alg" not in jwk for jwk in sample(name)["jwks"]["keys"])
    keys = key_set(name)
    for key in keys.keys:
        assert key.algorithms == algorithms_for("RSA")
        assert keys.find(key.kid, "RS256") is key


def test_keycloaks_key_for_encryption_is_not_selected() -> None:
    """E2: `use` absent or `sig`."""
    keys = key_set("keycloak")
    (skipped,) = keys.skipped
    assert skipped.kid is not None
    with pytest.raises(InvalidToken) as caught:
        keys.select(skipped.kid, "RS256")
    assert caught.value.reason is Reason.UNKNOWN_KEY


def test_an_es256_key_set_has_no_key_for_rs256() -> None:
    """D4: Supabase publishes ES256 only; an RS256 verifier refuses and does not fall over."""
    keys = key_set("supabase")
    (key,) = keys.keys
    assert key.algorithms == {"ES256"}
    with pytest.raises(InvalidToken) as caught:
        keys.select(key.kid, "RS256")
    assert caught.value.reason is Reason.UNKNOWN_KEY


def test_firebases_map_of_certificates_is_refused_by_name() -> None:
    """F8: the x509 form is no JWK Set, and the sentence says so."""
    with pytest.raises(InvalidKeySet, match=r"X\.509 certificates, not a JWK Set"):
        JWKSet.parse(json.dumps(sample("firebase-x509")["x509"]))


CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"


@pytest.mark.parametrize(
    ("issuer", "used"),
    [
        (None, 10),
        (f"https://login.microsoftonline.com/{TENANT}/v2.0", 7),
        (f"https://login.microsoftonline.com/{TENANT.upper()}/v2.0", 7),
        (f"https://sts.windows.net/{TENANT}/", 7),
        (f"https://login.microsoftonline.com/{CONSUMERS}/v2.0", 10),
        ("https://login.microsoftonline.com/common/v2.0", 10),
        ("https://example.eu.auth0.com/", 10),
    ],
)
def test_a_key_of_one_tenant_signs_for_no_other(issuer: str | None, used: int) -> None:
    """E5, E1: Entra's common document has keys that sign for personal accounts alone."""
    keys = JWKSet.parse(sample("entra-v2-common")["jwks"], issuer=issuer)
    assert len(keys.keys) == used
    reasons = [key.reason for key in keys.skipped]
    assert reasons == [SkipReason.OF_ANOTHER_TENANT] * (10 - used)


@pytest.mark.parametrize(
    "named",
    [
        None,
        1,
        [CONSUMERS],
        {},
        "",
        "https://example.com/",
        f"https://login.microsoftonline.com/{TENANT.upper()}/v2.0",
        f"https://{CONSUMERS}.ciamlogin.com/{TENANT}/v2.0",
    ],
)
def test_an_issuer_of_a_key_that_is_not_another_tenant_restricts_nothing(named: object) -> None:
    """E5"""
    (jwk,) = sample("entra-one-key")["jwks"]["keys"]
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    keys = JWKSet.parse({"keys": [{**jwk, "issuer": named}, 1]}, issuer=issuer)
    assert [key.kid for key in keys.keys] == [jwk["kid"]]


def test_a_tenant_is_known_in_capital_letters_too() -> None:
    """E5"""
    (jwk,) = sample("entra-one-key")["jwks"]["keys"]
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    document = {"keys": [jwk, {**jwk, "kid": "other", "issuer": f"https://x/{CONSUMERS.upper()}"}]}
    keys = JWKSet.parse(document, issuer=issuer)
    assert [key.reason for key in keys.skipped] == [SkipReason.OF_ANOTHER_TENANT]


TOKENS = [
    pytest.param(name, entry["token"], id=f"{name}-{number}")
    for name in EXPECTED
    for number, entry in enumerate(sample(name).get("tokens", []))
]


def test_there_are_real_tokens() -> None:
    assert len(TOKENS) >= 3


@pytest.mark.parametrize(("name", "token"), TOKENS)
def test_a_real_token_verifies_with_its_key(name: str, token: str) -> None:
    """Expired for years, but the signature holds for ever."""
    signed = parse_compact(token.encode())
    key = key_set(name).select(signed.header["kid"], signed.header["alg"])
    assert key.verify(signed.header["alg"], signed.signing_input, signed.signature)
    assert not key.verify(signed.header["alg"], signed.signing_input + b"A", signed.signature)
    assert signed.claims["iss"] == sample(name)["issuer"]
