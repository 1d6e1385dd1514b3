"""Casdoor: access tokens that are ID tokens too."""

from collections.abc import Iterable
from typing import Unpack

from asgi_jwks.providers.console_words import require_issuer
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaim, GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["casdoor"]


def casdoor(
    url: str, *, client_id: str | Iterable[str], **options: Unpack[PresetOptions]
) -> ProviderIssuer:
    """Casdoor, whose id_token is the access token itself: **nothing tells them apart.**

    Both have `tokenType` access-token, the same user and the same client; refresh tokens have
    refresh-token and are refused. Roles and permissions are the names of the objects in its arrays.

    Args:
        url: where Casdoor is: "https://door.example.com".
        client_id: the client IDs of the applications whose tokens are accepted; with a resource,
            that resource. They are the audience.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the URL is not one, or an option is wrong.

    Sources: Casdoor, object/token_jwt.go, object/token_oauth.go, object/token_logout.go.
    """
    base = require_issuer("url", url, example="https://door.example.com")
    preset = Preset(
        provider="casdoor",
        issuer=base.rstrip("/"),
        audience=names("client_id", client_id, example="my-client-id"),
        kind=KindRule(proof=ClaimIs("tokenType", "access-token"), without=frozenset({"nonce"})),
        grant_claims=GrantClaims(
            roles=(GrantClaim("roles", "objects with a name"),),
            permissions=(GrantClaim("permissions", "objects with a name"),),
            client=("azp",),
        ),
        notes=("Access tokens and ID tokens cannot be told apart: they are the same token.",),
    )
    return trusted(preset, options)
