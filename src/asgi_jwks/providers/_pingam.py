"""PingAM, ForgeRock AM and PingOne Advanced Identity Cloud: client-based tokens."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["pingam"]


def pingam(
    issuer: str, *, audience: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """PingAM (ForgeRock AM), with client-based OAuth 2.0 tokens.

    An access token has `tokenName` access_token; ID and refresh tokens name themselves likewise.
    The issuer has the port in it: "https://am.example.com:443/am/oauth2/realms/root/realms/alpha".

    Args:
        issuer: the issuer, as the server is configured: "https://am.example.com:443/am/oauth2".
        audience: as AM writes it: the client's ID, unless a script sets it.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL of that form, or an option is wrong.

    Sources: PingGateway docs, "Validating PingAM stateless access tokens"; PingOne Advanced
    Identity Cloud docs, /oauth2/idtokeninfo.
    """
    preset = Preset(
        provider="pingam",
        issuer=require_issuer("issuer", issuer, example="https://am.example.com:443/am/oauth2"),
        audience=names("audience", audience, example="https://api.example.com"),
        kind=KindRule(proof=ClaimIs("tokenName", "access_token")),
        grant_claims=GrantClaims(client=("client_id",)),
        notes=(
            "The audience is the client unless an access token modification script sets it, so "
            "this API is named by the clients that it is for.",
        ),
    )
    return trusted(preset, options)
