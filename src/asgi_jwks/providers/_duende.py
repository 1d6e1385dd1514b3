"""Duende IdentityServer, and IdentityServer4 before it."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["duende"]


def duende(
    authority: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Duende IdentityServer, and IdentityServer4.

    An access token has `client_id`, which ID and logout tokens do not have; its header says at+jwt
    but in old setups.

    Args:
        authority: the issuer, as the server is configured, its authority: "https://auth.example.com".
        audience: the name of the API resource, or {authority}/resources with the static audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL of that form, or an option is wrong.

    Sources: Duende IdentityServer, TokenExtensions.cs, IdentityServerOptions.cs; IdentityServer4,
    Options.AccessTokenJwtType.
    """
    preset = Preset(
        provider="duende",
        issuer=require_issuer("authority", authority, example="https://auth.example.com"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HasClaim("client_id")),
        grant_claims=GrantClaims(client=("client_id",)),
    )
    return trusted(preset, options)
