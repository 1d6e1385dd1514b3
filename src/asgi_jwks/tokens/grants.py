"""What a token grants, and to whom: the claims that applications read most.

What lives only here: scopes, permissions and client id from their several spellings, and the
making of the AccessToken. What it does not know: whether the token is valid.
"""

from collections.abc import Mapping
from typing import Any

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["access_token_of", "all_strings", "granted_permissions", "granted_scopes"]


def access_token_of(claims: Mapping[str, Any], *, key_id: str | None) -> AccessToken:
    """The access token of claims that passed the rules."""
    return AccessToken(
        claims,
        issuer=claims["iss"],
        expires_at=claims["exp"],
        scopes=granted_scopes(claims),
        permissions=granted_permissions(claims),
        subject=claims.get("sub"),
        client_id=_client_id(claims),
        key_id=key_id,
    )


def granted_scopes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes of a token: `scope` (RFC 8693, section 4.2) and `scp` (Entra, Okta).

    Raises:
        InvalidToken: either is of the wrong type; a grant that cannot be read is not ignored.
    """
    scopes: list[str] = []
    if "scope" in claims:
        scope = claims["scope"]
        if not isinstance(scope, str):
            raise InvalidToken(Reason.INVALID_CLAIM, "scope is no string")
        scopes += scope.split(" ")
    if "scp" in claims:
        scp = claims["scp"]
        if isinstance(scp, str):
            scopes += scp.split(" ")
        elif isinstance(scp, list) and all_strings(scp):
            scopes += scp
        else:
            raise InvalidToken(Reason.INVALID_CLAIM, "scp is no string or list of strings")
    return tuple(filter(None, scopes))


def granted_permissions(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Auth0's `permissions`: a list of strings.

    Raises:
        InvalidToken: it is anything else.
    """
    if "permissions" not in claims:
        return ()
    permissions = claims["permissions"]
    if not isinstance(permissions, list) or not all_strings(permissions):
        raise InvalidToken(Reason.INVALID_CLAIM, "permissions is no list of strings")
    return tuple(permissions)


def all_strings(values: list[Any]) -> bool:
    """Whether every value is a string."""
    return all(isinstance(value, str) for value in values)


def _client_id(claims: Mapping[str, Any]) -> str | None:
    # RFC 8693, section 4.3; `azp` is Auth0's and Keycloak's, `cid` Okta's, `appid` Entra's v1.
    for name in ("client_id", "azp", "cid", "appid"):
        value = claims.get(name)
        if isinstance(value, str):
            return value
    return None
