"""FusionAuth: access tokens of its OAuth endpoints."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks._options import require_text
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import AllOf, AnyOf, ClaimIs, HasClaim, NoClaim
from asgi_jwks.tokens.scopes import GrantClaims

__all__ = ["fusionauth"]


def fusionauth(
    url: str, *, issuer: str, application_id: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """FusionAuth, by the words of its tenant and application pages.

    An access token has `tty` at; before there was `tty`, a `scope`. Access tokens of the Login API
    of those versions have neither and are refused.

    Args:
        url: where FusionAuth is: "https://auth.example.com".
        issuer: the tenant's Issuer, a name such as "acme.com" and seldom a URL.
        application_id: the applications whose tokens are accepted; they are the audience.
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
        kind=KindRule(proof=AnyOf(ClaimIs("tty", "at"), AllOf(NoClaim("tty"), HasClaim("scope")))),
        grant_claims=GrantClaims(permissions=(), client=("applicationId",)),
        notes=(
            "The audience is the application, in ID tokens as well, so this API is named by the "
            "applications that it is for.",
        ),
    )
    return trusted(preset, options)
