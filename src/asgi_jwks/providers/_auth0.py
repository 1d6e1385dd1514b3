"""Auth0: access tokens of an API in a tenant's own domain."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_domain
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AnyOf, HasClaim

__all__ = ["auth0"]


def auth0(
    domain: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Auth0, by the words of its dashboard.

    An access token has `azp`, or `client_id` in the RFC 9068 profile; ID tokens have neither, not
    even refreshed ones without nonce and hash. Permissions are granted where the API has "Enable
    RBAC" and "Add Permissions in the Access Token".

    Args:
        domain: the domain of the application, or the custom domain: "example.eu.auth0.com".
        audience: the identifier of the API.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, the audience is that of UserInfo, or
            an option is wrong.

    Sources: Auth0 docs, "Access Token Profiles" and "ID Token Structure".
    """
    host = require_domain("domain", domain, example="example.eu.auth0.com")
    audiences = names("audience", audience, example="https://api.example.com")
    if f"https://{host}/userinfo" in audiences:
        raise ConfigurationError(
            "Every access token of the tenant that was asked for with the scope openid has the "
            "audience .../userinfo: it says nothing of this API. Write the identifier of the API, "
            'for example audience="https://api.example.com".'
        )
    preset = Preset(
        provider="auth0",
        issuer=f"https://{host}/",
        audience=audiences,
        kind=KindRule(proof=AnyOf(HasClaim("azp"), HasClaim("client_id"))),
        grant_claims=GrantClaims(roles=(), groups=(), client=("azp", "client_id")),
        notes=(
            "Roles are where an Action writes them: give "
            'grant_claims=GrantClaims(roles=(("https://example.com/roles",),)).',
        ),
    )
    return trusted(preset, options)
