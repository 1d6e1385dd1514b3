"""django-allauth: access tokens of its identity provider."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["allauth"]


def allauth(
    issuer: str,
    *,
    client_id: str | Iterable[str] | None = None,
    audience: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """django-allauth's OpenID Connect provider, with JWT access tokens.

    An access token has `token_use` access. It has no `aud` unless the adapter adds one, so its
    `client_id` is compared.

    Args:
        issuer: where the site is: "https://example.com".
        client_id: the clients whose tokens are accepted.
        audience: instead, what the adapter writes into `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: both or neither of `client_id` and `audience` are given, or an option is
            wrong.

    Source: pennersr/django-allauth, allauth/idp/oidc/internal/oauthlib/server.py.
    """
    if (client_id is None) == (audience is None):
        raise ConfigurationError(
            "Write client_id=... with the clients whose tokens are accepted; or audience=..., "
            "where the adapter writes an aud."
        )
    if audience is None:
        compared = names("client_id", client_id or (), example="web")
    else:
        compared = names("audience", audience, example="https://api.example.com")
    preset = Preset(
        provider="allauth",
        issuer=require_issuer("issuer", issuer, example="https://example.com"),
        audience=compared,
        audience_claim="client_id" if audience is None else "aud",
        kind=KindRule(proof=ClaimIs("token_use", "access")),
        grant_claims=GrantClaims(client=("client_id",)),
    )
    return trusted(preset, options)
