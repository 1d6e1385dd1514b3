"""Kanidm: access tokens of an OAuth2 resource server."""

from typing import Unpack

from asgi_jwks.providers.console_words import require_domain, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HeaderTypeIs

__all__ = ["kanidm"]


def kanidm(domain: str, *, client_id: str, **options: Unpack[PresetOptions]) -> ProviderIssuer:
    """Kanidm, whose every OAuth2 client is an issuer of its own.

    An access token has the header `typ` at+jwt. ID tokens are for the same client and have no
    other certain mark.

    Args:
        domain: where Kanidm is: "idm.example.com".
        client_id: the name of the OAuth2 client, which is in the issuer and is the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, or an option is wrong.

    Source: kanidm/kanidm, server/lib/src/idm/oauth2.rs, OAuth2RFC9068Token.
    """
    host = require_domain("domain", domain, example="idm.example.com")
    client = require_name("client_id", client_id, example="my-client-id")
    preset = Preset(
        provider="kanidm",
        issuer=f"https://{host}/oauth2/openid/{client}",
        audience=(client,),
        algorithms=("ES256", "RS256"),
        kind=KindRule(proof=HeaderTypeIs("at+jwt")),
        grant_claims=GrantClaims(permissions=(), client=("client_id",)),
        notes=("The audience is the client, so this API is named by the client that it is for.",),
    )
    return trusted(preset, options)
