"""Each part of the rule by which a preset knows access tokens, one by one.

The tables say it in the claims of the provider and know no rule of ours: what an accepted sample
must not lack, and what may be otherwise.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from asgi_jwks import InvalidToken, StaticJWKSet, TrustedIssuer, providers
from asgi_jwks.testing import SigningKey
from asgi_jwks.tokens.header_rules import read_header

SAMPLES = Path(__file__).parent / "samples"
JWKS = StaticJWKSet({"keys": [SigningKey.generate("RS256").public_jwk()]})

# In place of the value of a claim that is left out.
ABSENT: Final = ...
Change = dict[str, object]

STYTCH_SESSION = "https://stytch.com/session"

# Of each preset, changes of which each alone makes a token another one than an access token.
DEMANDED: dict[str, list[Change]] = {
    "ad_fs": [{"appid": ABSENT}],
    "allauth": [{"token_use": ABSENT}, {"token_use": "id"}],
    "auth0": [{"azp": ABSENT, "client_id": ABSENT}],
    "authentik": [{"azp": ABSENT}, {"uid": ABSENT}],
    "azure_ad_b2c": [{"azp": ABSENT}, {"scp": ABSENT}],
    "casdoor": [{"tokenType": ABSENT}, {"tokenType": "refresh-token"}],
    "cidaas": [{"jti": ABSENT}, {"scopes": ABSENT}, {"scopes": "openid"}],
    "clerk": [
        {"sid": ABSENT, "jti": ABSENT},
        {"sid": "session", "jti": ABSENT},
        {"sid": "session"},
        {"sts": "pending"},
    ],
    "cloudflare_access": [{"type": ABSENT}, {"type": "org"}],
    "cognito": [{"token_use": ABSENT}, {"token_use": "id"}],
    "descope": [{"drn": ABSENT}, {"drn": "DSR"}],
    "duende": [{"client_id": ABSENT}],
    "entra_external_id": [{"azp": ABSENT}, {"scp": ABSENT, "roles": ABSENT}],
    "entra_id": [
        {"azp": ABSENT},
        {"appid": ABSENT},
        {"scp": ABSENT, "roles": ABSENT},
        {"scp": ABSENT, "roles": ABSENT, "idtyp": "app", "oid": "o", "sub": "o"},
        {"scp": ABSENT, "roles": ["a"], "idtyp": "user", "oid": "o", "sub": "s"},
        {"scp": ABSENT, "roles": ["a"], "idtyp": ABSENT, "oid": "o", "sub": "s"},
    ],
    "firebase": [{"firebase": ABSENT}, {"firebase": "x"}],
    "flask_jwt_extended": [{"type": ABSENT}, {"type": "refresh"}],
    "fusionauth": [{"tty": "id"}, {"tty": ABSENT, "applicationId": ABSENT, "scope": "openid"}],
    "github_actions": [{"repository": ABSENT}, {"job_workflow_ref": ABSENT}],
    "gitlab": [{"project_path": ABSENT}],
    "gravitee": [{"domain": ABSENT}, {"aud": "https://api.example.com"}],
    "ibm_app_id": [{"scope": ABSENT}],
    "janssen": [{"client_id": ABSENT}, {"scope": ABSENT}, {"scope": "openid"}],
    "keycloak": [{"typ": ABSENT}, {"typ": "ID"}, {"typ": "Refresh"}],
    "kubernetes": [{"kubernetes.io": ABSENT}, {"kubernetes.io": "x"}, {"sub": "jane"}],
    "okta": [{"cid": ABSENT}, {"jti": ABSENT}, {"jti": "ID.x"}],
    "ory_hydra": [{"client_id": ABSENT}],
    "pingam": [{"tokenName": ABSENT}, {"tokenName": "id_token"}],
    "pingfederate": [{"client_id": ABSENT}],
    "simplejwt": [{"token_type": ABSENT}, {"token_type": "refresh"}],
    "spiffe": [{"sub": "spiffe://example.net/x"}],
    "spring_authorization_server": [{"nbf": ABSENT}, {"azp": "web"}],
    "stytch": [{"scope": ABSENT, STYTCH_SESSION: ABSENT}, {STYTCH_SESSION: "x"}],
    "supabase": [{"session_id": ABSENT}, {"role": ABSENT}],
    "supertokens": [{"sessionHandle": ABSENT, "stt": ABSENT}, {"st-mfa": {"v": False}}],
    "uaa": [{"scope": ABSENT}, {"scope": "openid"}, {"azp": ABSENT}, {"acr": "1"}],
    "vault": [{"namespace": ABSENT}],
    "workos_connect": [{"client_id": ABSENT}],
    "workos_session": [{"sid": ABSENT}],
    "xsuaa": [{"scope": ABSENT}, {"scope": "openid"}, {"azp": ABSENT}, {"acr": "1"}],
    "zitadel": [{"client_id": ABSENT}, {"nbf": ABSENT}, {"jti": ABSENT}, {"azp": "web"}],
}
# Their access tokens say what they are in the header, or are their only tokens.
BY_HEADER = {"kanidm", "logto", "node_oidc_provider", "openiddict"}
# Nothing in their tokens tells an access token by itself.
INDISTINCT = {"dex"}

# Of one sample, a change after which it is an access token no more.
REFUSED: list[tuple[str, Change]] = [
    ("clerk/template", {"jti": ABSENT}),
    ("clerk/template", {"jti": ABSENT, "sid": "session"}),
]
# And one after which it is an access token as before.
GRANTED: list[tuple[str, Change]] = [
    ("auth0/user", {"azp": ABSENT, "client_id": "web"}),
    ("clerk/template", {"jti": ABSENT, "sid": "sess_1"}),
    ("entra_id/v2_application", {"idtyp": "app", "oid": "o", "sub": "s"}),
    ("entra_id/v2_application", {"idtyp": ABSENT, "oid": "o", "sub": "o"}),
    ("keycloak/user", {"scope": ABSENT, "nonce": "n"}),
    ("keycloak/user", {"typ": "DPoP"}),
]


def content_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


ACCEPTED = [content_of(path) for path in sorted(SAMPLES.glob("*/accepted/*.json"))]


def passes(sample: dict[str, Any], change: Change) -> bool:
    """Whether the preset takes a sample, changed so, for an access token."""
    call = sample["preset"]
    keys = {"keys": JWKS, **({"jwks_uri": None} if "jwks_uri" in call["kwargs"] else {})}
    issuer: TrustedIssuer = getattr(providers, call["name"])(
        *call["args"], **{**call["kwargs"], **keys}
    )
    claims = {n: v for n, v in {**sample["claims"], **change}.items() if v is not ABSENT}
    try:
        issuer.rules.kind.check(read_header(sample["header"]), claims)
    except InvalidToken:
        return False
    return True


@pytest.mark.parametrize(
    ("preset", "change"),
    [(preset, change) for preset, changes in DEMANDED.items() for change in changes],
)
def test_each_part_of_a_rule_is_demanded(preset: str, change: Change) -> None:
    """P3, G8: without any one of them, some sample is an access token no more."""
    samples = [sample for sample in ACCEPTED if sample["preset"]["name"] == preset]
    assert all(passes(sample, {}) for sample in samples)
    assert not all(passes(sample, change) for sample in samples)


def test_every_preset_has_its_demands() -> None:
    """P3"""
    presets = {name for name in providers.__all__ if name.islower()}
    of_others = {"entra_id_tenants", "openbao"}
    assert presets - of_others == {*DEMANDED, *BY_HEADER, *INDISTINCT}


@pytest.mark.parametrize(
    ("name", "change", "is_access_token"),
    [(*each, False) for each in REFUSED] + [(*each, True) for each in GRANTED],
)
def test_one_sample_in_another_spelling(name: str, change: Change, is_access_token: bool) -> None:
    """P3, G8"""
    provider, _, kind = name.partition("/")
    sample = content_of(SAMPLES / provider / "accepted" / f"{kind}.json")
    assert passes(sample, change) is is_access_token
