"""The grants of a token, and its client, read from the claims of its issuer.

It does not know whether a token is valid otherwise.

A grant that cannot be read grants nothing, and refuses nothing by itself: `unreadable_grants` names
it, and whoever reads grants may be told of it. Nothing here raises for any JSON.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from asgi_jwks.tokens.grant_claims import (
    DEFAULT_GRANT_CLAIMS,
    GrantClaim,
    GrantClaims,
    all_strings,
)

__all__ = [
    "Unreadable",
    "client_id",
    "granted_scopes",
    "groups",
    "permissions",
    "roles",
    "unread_scopes",
    "unreadable_grants",
]

Unreadable = Callable[[GrantClaim, Mapping[str, Any]], None]
"""Told of a claim that cannot be read.

It gets the claim that was asked for, and all claims.
"""


def granted_scopes(
    claims: Mapping[str, Any],
    grants: GrantClaims = DEFAULT_GRANT_CLAIMS,
    unreadable: Unreadable | None = None,
) -> tuple[str, ...]:
    """The granted scopes, each once, in the order of the claims."""
    return _united(claims, grants.scopes, unreadable)


def roles(
    claims: Mapping[str, Any],
    grants: GrantClaims = DEFAULT_GRANT_CLAIMS,
    unreadable: Unreadable | None = None,
) -> tuple[str, ...]:
    """The roles, each once, in the order of the claims."""
    return _united(claims, grants.roles, unreadable)


def groups(
    claims: Mapping[str, Any],
    grants: GrantClaims = DEFAULT_GRANT_CLAIMS,
    unreadable: Unreadable | None = None,
) -> tuple[str, ...]:
    """The groups, each once, in the order of the claims."""
    return _united(claims, grants.groups, unreadable)


def permissions(
    claims: Mapping[str, Any],
    grants: GrantClaims = DEFAULT_GRANT_CLAIMS,
    unreadable: Unreadable | None = None,
) -> tuple[str, ...]:
    """The permissions, each once, in the order of the claims."""
    return _united(claims, grants.permissions, unreadable)


def client_id(claims: Mapping[str, Any], grants: GrantClaims = DEFAULT_GRANT_CLAIMS) -> str | None:
    """The client that the token was issued to, if a claim names it."""
    for claim in grants.client:
        value = claim.value_in(claims)
        if isinstance(value, str) and value:
            return value
    return None


def unreadable_grants(
    claims: Mapping[str, Any], grants: GrantClaims = DEFAULT_GRANT_CLAIMS
) -> tuple[str, ...]:
    """The claims that are present, should grant something, and cannot be read; for the log."""
    return tuple([str(c) for name, c in grants.granting if not _is_readable(name, c, claims)])


# Where providers write scopes: league/oauth2-server and cidaas, SAP Cloud Identity, UAA.
_SCOPES_OF_OTHERS: Final = tuple(
    GrantClaim((name,), "separated by spaces")
    for name in ("scope", "scp", "scopes", "ias_apis", "authorities")
)


def unread_scopes(
    claims: Mapping[str, Any], grants: GrantClaims = DEFAULT_GRANT_CLAIMS
) -> tuple[str, ...]:
    """The claims with names where other providers write scopes, which are not read.

    They grant nothing here, and are named in a log.
    """
    read = {claim.path for _, claim in grants.granting}
    return tuple(
        str(claim)
        for claim in _SCOPES_OF_OTHERS
        if claim.path not in read and claim.names_in(claims)
    )


def _is_readable(name: str | None, claim: GrantClaim, claims: Mapping[str, Any]) -> bool:
    # Hot path (benchmark case `new token`): most are absent, and the others text or arrays of text.
    if name is None:
        return claim.names_in(claims) is not None
    value = claims.get(name)
    return (
        value is None or isinstance(value, str) or (isinstance(value, list) and all_strings(value))
    )


def _united(
    claims: Mapping[str, Any], where: tuple[GrantClaim, ...], unreadable: Unreadable | None
) -> tuple[str, ...]:
    names: list[str] = []
    for claim in where:
        read = claim.names_in(claims)
        if read is not None:
            names += read
        elif unreadable is not None:
            unreadable(claim, claims)
    return tuple(dict.fromkeys(names))
