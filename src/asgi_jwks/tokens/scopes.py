"""What a token grants, and to whom, from the several spellings of providers.

What lives only here: the claims for scopes, permissions and the client, their types and their
reading. What it does not know: whether a token is valid otherwise.
"""

from collections.abc import Mapping
from typing import Any, Final

from asgi_jwks.errors import InvalidToken, Reason

__all__ = ["all_strings", "check_grants", "client_id", "granted_scopes"]

# RFC 8693, section 4.3; `azp` is Auth0's and Keycloak's, `cid` Okta's, `appid` that of Entra's v1.
_CLIENT_CLAIMS: Final = ("client_id", "azp", "cid", "appid")


def check_grants(claims: Mapping[str, Any]) -> None:
    """Check the types of `scope`, `scp` and `permissions`.

    Raises:
        InvalidToken: one is of the wrong type: a grant that cannot be read is not ignored.
    """
    if not isinstance(claims.get("scope", ""), str):
        raise InvalidToken(Reason.INVALID_CLAIM, "scope is no string")
    if "scp" in claims:
        scp = claims["scp"]
        if not isinstance(scp, str) and not (isinstance(scp, list) and all_strings(scp)):
            raise InvalidToken(Reason.INVALID_CLAIM, "scp is no string or list of strings")
    if "permissions" in claims:
        permissions = claims["permissions"]
        if not isinstance(permissions, list) or not all_strings(permissions):
            raise InvalidToken(Reason.INVALID_CLAIM, "permissions is no list of strings")


def granted_scopes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes of checked claims: `scope` (RFC 8693, section 4.2) and `scp` (Entra, Okta)."""
    granted: list[str] = claims.get("scope", "").split(" ")
    scp = claims.get("scp", ())
    granted += scp.split(" ") if isinstance(scp, str) else scp
    return tuple(filter(None, granted))


def client_id(claims: Mapping[str, Any]) -> str | None:
    """The client that the token was issued to, if a claim says so."""
    for name in _CLIENT_CLAIMS:
        value = claims.get(name)
        if isinstance(value, str):
            return value
    return None


def all_strings(values: list[Any]) -> bool:
    """Whether every value is a string."""
    # A loop costs a third of what all() over a generator does for the two values of most lists.
    for value in values:  # noqa: SIM110
        if not isinstance(value, str):
            return False
    return True
