"""PingFederate: access tokens of a JSON token management instance."""

from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks._options import require_text
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim

__all__ = ["pingfederate"]

# OpenID Connect Core 1.0, section 2: an ID token has these as well, so that they prove nothing.
_OF_ID_TOKENS: Final = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "azp", "auth_time", "nonce", "acr", "amr"}
)


def pingfederate(
    issuer: str,
    *,
    audience: str | Iterable[str],
    client_id_claim: str = "client_id",
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """PingFederate, by the words of its JSON token management.

    An access token has the client ID under the name that the instance gives it; ID tokens do not.

    Args:
        issuer: the issuer, as the server is configured: "https://auth.example.com".
        audience: this API's name, as the server writes it into `aud`.
        client_id_claim: the "Client ID Claim Name".
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL of that form, ID tokens have the claim too, or
            an option is wrong.

    Source: PingFederate docs, "Configuring JSON token management".
    """
    claim = require_text("client_id_claim", client_id_claim, example="client_id")
    if claim in _OF_ID_TOKENS:
        raise ConfigurationError(
            f"client_id_claim tells access tokens from ID tokens, and both have {claim!r}. Write "
            'the "Client ID Claim Name" of the JSON token management, such as "client_id".'
        )
    preset = Preset(
        provider="pingfederate",
        issuer=require_issuer("issuer", issuer, example="https://auth.example.com"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HasClaim(claim)),
        grant_claims=GrantClaims(client=((claim,),)),
        notes=(
            "The scopes' claim is scope or scp; give grant_claims for another Scope Claim Name.",
        ),
    )
    return trusted(preset, options)
