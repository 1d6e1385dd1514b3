"""Amazon Cognito: access tokens of a user pool."""

import re
from collections.abc import Iterable
from typing import Final, Unpack

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer, names, trusted
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import ClaimIs

__all__ = ["cognito"]

_USER_POOL: Final = re.compile(r"([a-z]{2,3}(-[a-z]+)+-[0-9]+)_[A-Za-z0-9]+")


def cognito(
    *,
    region: str,
    user_pool: str,
    client_id: str | Iterable[str] | None = None,
    audience: str | Iterable[str] | None = None,
    **options: Unpack[PresetOptions],
) -> ProviderIssuer:
    """Amazon Cognito, by the words of its console.

    An access token has `token_use` access. It has no `aud` unless the client asked for a resource
    (resource binding), so its `client_id` is compared: this API is for these clients.

    Args:
        region: the AWS region, the first part of the user pool ID: "eu-west-1".
        user_pool: the user pool ID: "eu-west-1_AbC123".
        client_id: the IDs of the app clients whose tokens are accepted.
        audience: with resource binding, the URL of this API, instead of `client_id`.
        options: further options of a TrustedIssuer.

    Raises:
        ConfigurationError: the user pool is of another region, both or neither of `client_id` and
            `audience` are given, or an option is wrong.

    Sources: Amazon Cognito docs, "Understanding the access token", "Client and audience
    validation".
    """
    pool = _USER_POOL.fullmatch(user_pool) if isinstance(user_pool, str) else None
    if pool is None:
        raise ConfigurationError(
            "user_pool must be the user pool ID, which begins with its region; got "
            f'{user_pool!r}. Write for example user_pool="eu-west-1_AbC123".'
        )
    if pool[1] != region:
        raise ConfigurationError(
            f"The user pool {user_pool!r} is in region {pool[1]!r}; got region={region!r}. Write "
            f"region={pool[1]!r}, or the user pool ID of the other region."
        )
    if (client_id is None) == (audience is None):
        raise ConfigurationError(
            "Write client_id=... with the IDs of the app clients whose tokens are accepted; or, "
            "where clients ask for this API as a resource, audience=... ."
        )
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    issuer = f"https://cognito-idp.{region}.{domain}/{user_pool}"
    if audience is None:
        compared = names("client_id", client_id or (), example="1example23456789")
    else:
        compared = names("audience", audience, example="https://api.example.com")
    preset = Preset(
        provider="cognito",
        issuer=issuer,
        audience=compared,
        audience_claim="client_id" if audience is None else "aud",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        kind=KindRule(proof=ClaimIs("token_use", "access")),
        grant_claims=GrantClaims(
            roles=(), groups=("cognito:groups",), permissions=(), client=("client_id",)
        ),
    )
    return trusted(preset, options)
