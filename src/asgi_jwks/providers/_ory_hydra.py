"""Ory Hydra: access tokens with the strategy jwt."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["ory_hydra"]


def ory_hydra(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Ory Hydra, where `strategies.access_token` is jwt.

    An access token has `client_id`; ID and logout tokens do not have it. Claims that the
    consent adds are in the object `ext`.

    Args:
        issuer: the issuer, as the server is configured: "https://auth.example.com/".
        audience: this API's name, as the server writes it into `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL of that form, or an option is wrong.

    Sources: Ory fosite, token/jwt/claims_jwt.go; Ory Hydra, oauth2/session.go.
    """
    preset = Preset(
        provider="ory_hydra",
        issuer=require_issuer("issuer", issuer, example="https://auth.example.com/"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HasClaim("client_id")),
        grant_claims=GrantClaims(roles=(("ext", "roles"),), client=("client_id",)),
    )
    return trusted(preset, options)
