"""Dex: access tokens that cannot be told from ID tokens."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule

__all__ = ["dex"]


def dex(
    issuer: str, *, client_id: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Dex, whose access token is made by the function that makes its ID token.

    Nothing tells the two apart but `c_hash`, which only ID tokens of the hybrid flow have: **an ID
    token of the code flow passes as an access token.** Both are for the same client and the same
    user, and Dex grants nothing in either but `groups`; accept that, or put a gateway in front.

    Args:
        issuer: as configured: "https://dex.example.com", its path included.
        client_id: the clients whose tokens are accepted; they are the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the issuer is not a URL, or an option is wrong.

    Source: dexidp/dex, server/oauth2.go, newAccessToken.
    """
    preset = Preset(
        provider="dex",
        issuer=require_issuer("issuer", issuer, example="https://dex.example.com"),
        audience=names("client_id", client_id, example="web"),
        kind=KindRule(without=frozenset({"at_hash", "nonce"})),
        grant_claims=GrantClaims(roles=(), permissions=(), client=("azp",)),
        notes=("Access and ID tokens cannot be told apart: an ID token of the code flow passes.",),
    )
    return trusted(preset, options)
