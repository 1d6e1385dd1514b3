"""FusionAuth: access tokens of its OAuth endpoints."""

from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks._options import require_text
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import (
    AllOf,
    AnyOf,
    ClaimIs,
    ClaimStartsWith,
    HasClaim,
    NoClaim,
)

__all__ = ["fusionauth"]

# FusionAuth docs, "Tokens": ID tokens have a scope since 1.50, and no applicationId since 1.24.
_BEFORE_TTY: Final = AnyOf(
    AllOf(HasClaim("scope"), HasClaim("applicationId")),
    ClaimStartsWith("scope", "target-entity:"),
)


def fusionauth(
    url: str, *, issuer: str, application_id: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """FusionAuth, by the words of its tenant and application pages.

    An access token has `tty` at. Before there was `tty`, both it and the ID token had a `scope`: it
    is told by the `applicationId` beside it, which users have who are registered for the
    application, or by the scope of an entity. Access tokens of the Login API of those versions have
    no scope and are refused.

    Args:
        url: where FusionAuth is: "https://auth.example.com".
        issuer: the tenant's Issuer, a name such as "acme.com" and seldom a URL.
        application_id: the applications, or target entities, whose tokens are accepted; they are
            the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the URL is not one, or an option is wrong.

    Source: FusionAuth docs, "Tokens".
    """
    base = require_issuer("url", url, example="https://auth.example.com").rstrip("/")
    name = require_text("issuer", issuer, example="acme.com")
    preset = Preset(
        provider="fusionauth",
        issuer=name,
        audience=names(
            "application_id", application_id, example="11112222-bbbb-3333-cccc-4444dddd5555"
        ),
        jwks_uri=f"{base}/.well-known/jwks.json",
        kind=KindRule(proof=AnyOf(ClaimIs("tty", "at"), AllOf(NoClaim("tty"), _BEFORE_TTY))),
        grant_claims=GrantClaims(client=("applicationId",)),
        notes=(
            "The audience is the application, in ID tokens as well, so this API is named by the "
            "applications that it is for.",
        ),
    )
    return trusted(preset, options)
