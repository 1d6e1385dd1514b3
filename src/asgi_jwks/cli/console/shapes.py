"""Tokens in the shapes of providers, bent and forged, for the console.

A shape is claims as a provider writes them, signed by the mock issuer in its own name. It proves
nothing about the provider: presets are tested with samples of real ones.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.testing import MockIssuer, SigningKey, forge

__all__ = ["FORGERIES", "LONGEST_LIFETIME", "SHAPES", "Shape", "shaped_token"]

Shape = Callable[[MockIssuer, str, float], str]
"""`shape(issuer, scopes, lifetime)` is a token."""

LONGEST_LIFETIME: Final = 1e9
"""Seconds; a token that lives longer shows nothing new."""

_CLIENT: Final = "mock-client"


def _minted(own: Callable[[str], Mapping[str, object]]) -> Shape:
    """A shape by its claims for these scopes, besides those of every token."""

    def token(issuer: MockIssuer, scopes: str, lifetime: float) -> str:
        claims = {"sub": "alice", "aud": issuer.audience, **own(scopes)}
        return issuer.mint(claims, lifetime=lifetime)

    return token


def _auth0(issuer: MockIssuer, scopes: str, lifetime: float) -> str:
    return issuer.access_token(scopes=scopes, lifetime=lifetime)


def _machine(issuer: MockIssuer, scopes: str, lifetime: float) -> str:
    return issuer.client_token(scopes=scopes, lifetime=lifetime)


def _rfc9068(issuer: MockIssuer, scopes: str, lifetime: float) -> str:
    return issuer.rfc9068_token(scopes=scopes, lifetime=lifetime)


def _id_token(issuer: MockIssuer, _scopes: str, lifetime: float) -> str:
    # For the API, as some clients send it: its kind alone tells it apart.
    return issuer.id_token(aud=issuer.audience, lifetime=lifetime)


def _refresh_token(issuer: MockIssuer, scopes: str, lifetime: float) -> str:
    return issuer.refresh_token(scopes=scopes, lifetime=lifetime)


def _keycloak(scopes: str) -> Mapping[str, object]:
    return {
        "typ": "Bearer",
        "azp": _CLIENT,
        "sid": secrets.token_urlsafe(8),
        "realm_access": {"roles": ["user"]},
        "scope": scopes,
    }


def _okta(scopes: str) -> Mapping[str, object]:
    return {"ver": 1, "cid": _CLIENT, "uid": "00u1", "scp": scopes.split()}


def _entra(scopes: str) -> Mapping[str, object]:
    tenant = "11112222-bbbb-3333-cccc-4444dddd5555"
    return {"ver": "2.0", "azp": _CLIENT, "azpacr": "1", "tid": tenant, "scp": scopes}


def _cognito(scopes: str) -> Mapping[str, object]:
    return {"token_use": "access", "client_id": _CLIENT, "scope": scopes, "version": 2}


SHAPES: Final[Mapping[str, Shape]] = {
    "Auth0, a user": _auth0,
    "Auth0, a machine": _machine,
    "RFC 9068 (at+jwt)": _rfc9068,
    "Keycloak": _minted(_keycloak),
    "Okta": _minted(_okta),
    "Entra ID": _minted(_entra),
    "Cognito with a resource": _minted(_cognito),
    "an ID token": _id_token,
    "a refresh token": _refresh_token,
}
"""Every shape by the words that the page shows."""


def _as_it_is(_issuer: MockIssuer, token: str) -> str:
    return token


def _alg_none(_issuer: MockIssuer, token: str) -> str:
    return forge.with_alg_none(token)


def _flipped(_issuer: MockIssuer, token: str) -> str:
    return forge.with_flipped_signature(token)


def _other_key(issuer: MockIssuer, token: str) -> str:
    return forge.resigned(token, SigningKey.generate(issuer.signing_key.algorithm))


def _unknown_kid(issuer: MockIssuer, token: str) -> str:
    key = SigningKey.generate(issuer.signing_key.algorithm)
    return forge.resigned(token, key, kid=key.kid)


def _confused(issuer: MockIssuer, token: str) -> str:
    return forge.signed_with_hs256_and_the_public_key(issuer, token=token)


FORGERIES: Final[Mapping[str, Callable[[MockIssuer, str], str]]] = {
    "as it is": _as_it_is,
    "one bit of the signature changed": _flipped,
    "signed by a forger under the same kid": _other_key,
    "signed by a key that is not published": _unknown_kid,
    "alg none": _alg_none,
    "HS256 with the public key as the secret": _confused,
}
"""The token as it is and its forgeries, by the words of the page."""


def shaped_token(
    issuer: MockIssuer,
    *,
    shape: str,
    forgery: str,
    scopes: str,
    lifetime: float,
    claims: Mapping[str, object],
    header: Mapping[str, object],
) -> str:
    """A token of a shape, with members changed and then forged; see `Laboratory.mint`.

    Raises:
        ConfigurationError: a word is not one of the choices, or the lifetime is too long.
    """
    if shape not in SHAPES or forgery not in FORGERIES:
        raise ConfigurationError("The shape or the forgery is not one of the choices.")
    if not abs(lifetime) <= LONGEST_LIFETIME:
        raise ConfigurationError(f"The lifetime is at most {LONGEST_LIFETIME:g} s.")
    parts = forge.split(SHAPES[shape](issuer, scopes, lifetime))
    token = issuer.signing_key.sign(
        _changed(parts.header_members, header), _changed(parts.claims, claims)
    )
    return FORGERIES[forgery](issuer, token)


def _changed(members: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    changed = {**members, **changes}
    return {name: value for name, value in changed.items() if value is not None}
