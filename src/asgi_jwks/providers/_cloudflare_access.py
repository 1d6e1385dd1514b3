"""Cloudflare Access: application tokens."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_label
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["cloudflare_access"]


def cloudflare_access(
    team: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Cloudflare Access, by the words of its dashboard.

    An application token has `type` app; the token of the global session has org. A service token
    has an empty `sub` and its client ID in `common_name`. Cloudflare sends the token in the field
    Cf-Access-Jwt-Assertion or the cookie CF_Authorization, not in Authorization.

    Args:
        team: the team name: "example" of example.cloudflareaccess.com.
        audience: the Application Audience (AUD) Tag.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the team is a domain, the tag is not one, or an option is wrong.

    Source: Cloudflare docs, "Application token".
    """
    name = require_label("team", team, example="example")
    audiences = names("audience", audience, example="32eafc7626e737136660e1b9b8b8f4f0")
    for tag in audiences:
        if not tag.isalnum():
            raise ConfigurationError(
                f"audience is the Application Audience (AUD) Tag, hexadecimal digits; got {tag!r}. "
                'Write for example audience="32eafc7626e737136660e1b9b8b8f4f0".'
            )
    issuer = f"https://{name}.cloudflareaccess.com"
    preset = Preset(
        provider="cloudflare_access",
        issuer=issuer,
        audience=audiences,
        jwks_uri=f"{issuer}/cdn-cgi/access/certs",
        kind=KindRule(proof=ClaimIs("type", "app")),
        grant_claims=GrantClaims(client=("common_name",)),
    )
    return trusted(preset, options)
