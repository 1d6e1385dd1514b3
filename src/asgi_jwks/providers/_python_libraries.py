"""SimpleJWT and flask-jwt-extended: APIs that sign their own tokens."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks._options import require_text
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["flask_jwt_extended", "simplejwt"]


def simplejwt(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """djangorestframework-simplejwt, for APIs beside the one that signs.

    An access token has `token_type` access; refresh and sliding tokens name themselves likewise. A
    sliding token is refused, since it can be exchanged for a new one.

    Args:
        issuer: the setting ISSUER, which has to be set.
        audience: the setting AUDIENCE, which has to be set.
        options: `jwks_uri`, or `keys`; and further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither `jwks_uri` nor `keys` is given, or an option is wrong.

    Source: jazzband/djangorestframework-simplejwt, tokens.py, settings.py.
    """
    return trusted(_preset("simplejwt", issuer, audience, "token_type", options), options)


def flask_jwt_extended(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """flask-jwt-extended, for APIs beside the one that signs.

    An access token has `type` access; a refresh token has refresh.

    Args:
        issuer: the setting JWT_ENCODE_ISSUER, which has to be set.
        audience: the setting JWT_ENCODE_AUDIENCE, which has to be set.
        options: `jwks_uri`, or `keys`; and further options of a TrustedIssuer.

    Raises:
        ConfigurationError: neither `jwks_uri` nor `keys` is given, or an option is wrong.

    Source: vimalloc/flask-jwt-extended, flask_jwt_extended/tokens.py.
    """
    return trusted(_preset("flask_jwt_extended", issuer, audience, "type", options), options)


def _preset(
    provider: str, issuer: str, audience: str | Iterable[str], claim: str, options: PresetOptions
) -> Preset:
    if options.get("keys") is None and options.get("jwks_uri") is None:
        raise ConfigurationError(
            f"{provider} publishes no keys by itself. Write keys=StaticJWKSet(...) with its public "
            "key, or keys=SharedSecret(...) for HS256, or jwks_uri=... of a JWK Set of yours."
        )
    return Preset(
        provider=provider,
        issuer=require_text("issuer", issuer, example="https://example.com"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=ClaimIs(claim, "access")),
        grant_claims=GrantClaims(client=()),
        notes=("Whoever holds the SharedSecret of HS256 tokens can sign them too.",),
    )
