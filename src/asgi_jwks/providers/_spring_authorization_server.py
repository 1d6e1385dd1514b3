"""Spring Authorization Server: access tokens that its JwtGenerator makes."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, HasClaim, NoClaim

__all__ = ["spring_authorization_server"]


def spring_authorization_server(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Spring Authorization Server.

    An access token has `nbf` and no `azp`; ID tokens have `azp` and no `nbf`. `aud` is the client's
    ID until an OAuth2TokenCustomizer sets it, and the client is named nowhere else.

    Args:
        issuer: the issuer, as the server is configured: "https://auth.example.com".
        audience: this API's name; without a customizer, the client IDs that are accepted.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL of that form, or an option is wrong.

    Source: Spring Authorization Server, token/JwtGenerator.java.
    """
    preset = Preset(
        provider="spring_authorization_server",
        issuer=require_issuer("issuer", issuer, example="https://auth.example.com"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=AllOf(HasClaim("nbf"), NoClaim("azp"))),
        grant_claims=GrantClaims(client=()),
    )
    return trusted(preset, options)
