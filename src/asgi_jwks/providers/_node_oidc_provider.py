"""oidc-provider for Node.js: access tokens of the format jwt."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HeaderTypeIs

__all__ = ["node_oidc_provider"]


def node_oidc_provider(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """The oidc-provider of Node.js, where a resource server's accessTokenFormat is jwt.

    An access token has the header `typ` at+jwt; ID tokens and UserInfo responses do not.

    Args:
        issuer: the issuer, as the server is configured: "https://auth.example.com".
        audience: this API's name, as the server writes it into `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL of that form, or an option is wrong.

    Source: panva/node-oidc-provider, lib/models/formats/jwt.js, lib/models/id_token.js.
    """
    preset = Preset(
        provider="node_oidc_provider",
        issuer=require_issuer("issuer", issuer, example="https://auth.example.com"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HeaderTypeIs("at+jwt")),
        grant_claims=GrantClaims(client=("client_id",)),
    )
    return trusted(preset, options)
