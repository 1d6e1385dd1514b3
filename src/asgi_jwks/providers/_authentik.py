"""authentik: access tokens of an OAuth2 provider."""

from typing import Unpack

from asgi_jwks.providers.console_words import require_domain, require_name
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, HasClaim

__all__ = ["authentik"]


def authentik(
    domain: str, *, application: str, client_id: str, **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """authentik, with the issuer mode "Each provider has a different issuer".

    An access token is the ID token plus `azp` and `uid`: these prove it, and neither its nonce nor
    the hash of a code, which the hybrid flow writes, counts. The scopes that were granted are not
    in it.

    Args:
        domain: where authentik is: "sso.example.com".
        application: the slug of the application.
        client_id: the provider's client ID, which is the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, or an option is wrong.

    Source: goauthentik/authentik, authentik/providers/oauth2/id_token.py, views/token.py,
    views/authorize.py.
    """
    host = require_domain("domain", domain, example="sso.example.com")
    slug = require_name("application", application, example="orders")
    preset = Preset(
        provider="authentik",
        issuer=f"https://{host}/application/o/{slug}/",
        audience=names("client_id", client_id, example="my-client-id"),
        kind=KindRule(
            proof=AllOf(HasClaim("azp"), HasClaim("uid")), without=frozenset({"nonce", "c_hash"})
        ),
        grant_claims=GrantClaims(roles=(), permissions=(), client=("azp",)),
        notes=(
            "The audience is the client, in ID tokens as well, so this API is named by the client "
            "that it is for.",
        ),
    )
    return trusted(preset, options)
