"""Gravitee Access Management: access tokens of a security domain."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, ClaimIsList, HasClaim

__all__ = ["gravitee"]


def gravitee(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Gravitee Access Management, where access tokens name this API.

    A refresh token is a JWT with the claims of the access token, signed by the same certificate,
    and its `aud` is the client. An access token is told from it by an `aud` that is an array, which
    it has when the client asked for a resource (RFC 8707), or when the application has a custom
    claim `aud` for access tokens. Any other access token is refused.

    Args:
        issuer: of the domain: "https://am.example.com/my-domain/oidc".
        audience: the resource, or a value of the custom claim.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL, or an option is wrong.

    Source: gravitee-io/graviteeio-access-management, TokenServiceImpl.java, createAccessTokenJWT,
    createRefreshTokenJWT, setResources.
    """
    preset = Preset(
        provider="gravitee",
        issuer=require_issuer("issuer", issuer, example="https://am.example.com/my-domain/oidc"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=AllOf(HasClaim("domain"), ClaimIsList("aud"))),
        grant_claims=GrantClaims(permissions=(), client=()),
        notes=(
            "An access token whose aud is the client alone is refused, since refresh tokens look "
            "the same: have clients ask for resource=..., or add a custom claim aud for access "
            "tokens to the application.",
        ),
    )
    return trusted(preset, options)
