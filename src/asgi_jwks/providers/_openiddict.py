"""OpenIddict: access tokens that are signed and not encrypted."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HeaderTypeIs

__all__ = ["openiddict"]


def openiddict(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """OpenIddict.

    An access token has the header `typ` at+jwt; ID tokens have JWT, and its own codes and refresh
    tokens oi_auc+jwt and oi_reft+jwt. Access tokens are encrypted until the server calls
    DisableAccessTokenEncryption().

    Args:
        issuer: the issuer, as the server is configured: "https://auth.example.com/".
        audience: this API's name, as the server writes it into `aud`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is a host without its last slash, or an option is wrong.

    Source: OpenIddict, OpenIddictConstants.cs, OpenIddictServerHandlers.Protection.cs.
    """
    if isinstance(issuer, str) and issuer.count("/") == len("//"):
        raise ConfigurationError(
            f"OpenIddict writes its issuer with a slash at the end; got {issuer!r}. Write "
            f"{issuer + '/'!r}."
        )
    preset = Preset(
        provider="openiddict",
        issuer=require_issuer("issuer", issuer, example="https://auth.example.com/"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=HeaderTypeIs("at+jwt")),
        grant_claims=GrantClaims(roles=("role", "roles"), client=("client_id", "oi_prst")),
    )
    return trusted(preset, options)
