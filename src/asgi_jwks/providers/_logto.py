"""Logto: access tokens of an API resource or an organization."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_domain
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HeaderTypeIs

__all__ = ["logto"]


def logto(
    domain: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Logto, by the words of its console.

    An access token has the header `typ` at+jwt. Logto signs with ES384 unless it was given an RSA
    key; both are accepted.

    Args:
        domain: of the tenant: "example.logto.app", or a custom one.
        audience: the API identifier, or urn:logto:organization:ID.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the domain has a scheme or a path, or an option is wrong.

    Source: logto-io/logto, packages/core/src/oidc/resource.ts, on node-oidc-provider.
    """
    host = require_domain("domain", domain, example="example.logto.app")
    preset = Preset(
        provider="logto",
        issuer=f"https://{host}/oidc",
        audience=names("audience", audience, example="https://api.example.com"),
        algorithms=("ES384", "RS256"),
        kind=KindRule(proof=HeaderTypeIs("at+jwt")),
        grant_claims=GrantClaims(client=("client_id",)),
    )
    return trusted(preset, options)
