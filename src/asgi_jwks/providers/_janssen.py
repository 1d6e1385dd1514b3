"""Janssen and Gluu: access tokens that are JWTs."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, ClaimIsList, HasClaim

__all__ = ["janssen"]


def janssen(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Janssen and Gluu, where a client has the setting "Access Token as JWT".

    An access token has `client_id` and an array `scope`. ID tokens have neither, and those that
    were refreshed have neither nonce nor hash.

    Args:
        issuer: as discovery has it: "https://jans.example.com".
        audience: the client ID, or one of the client's additional audiences.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL, or an option is wrong.

    Source: JanssenProject/jans, AuthorizationGrant.java, fillPayloadOfAccessTokenJwt.
    """
    preset = Preset(
        provider="janssen",
        issuer=require_issuer("issuer", issuer, example="https://jans.example.com"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=AllOf(HasClaim("client_id"), ClaimIsList("scope"))),
        grant_claims=GrantClaims(client=("client_id",)),
        notes=("Access tokens are opaque until the client has the setting Access Token as JWT.",),
    )
    return trusted(preset, options)
