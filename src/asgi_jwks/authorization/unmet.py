"""The parts of a requirement that a token does not meet, by kind and name.

They are for the operator's log, and are worked out only for a token that was refused: whether it is
refused, `requirement` decides.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from asgi_jwks.errors import Unmet
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.grant_claims import GrantClaim

__all__ = ["Demands", "unmet_parts"]


class Demands(Protocol):
    """The parts of a requirement that the claims of a token meet, or do not."""

    @property
    def scopes(self) -> Sequence[str]: ...
    @property
    def any_of(self) -> Sequence[Sequence[str]]: ...
    @property
    def permissions(self) -> Sequence[str]: ...
    @property
    def roles(self) -> Sequence[str]: ...
    @property
    def claims(self) -> Sequence[tuple[GrantClaim, Sequence[str]]]: ...
    @property
    def issuers(self) -> Sequence[str]: ...


def unmet_parts(
    needed: Demands, token: AccessToken, granted_scopes: Collection[str]
) -> Iterator[Unmet]:
    """The parts that the token lacks, in the order in which `Requirement` has them.

    Args:
        needed: the requirement.
        token: a verified token.
        granted_scopes: its scopes, those that others imply included.
    """
    yield from _lacking("scope", needed.scopes, granted_scopes)
    for group in needed.any_of:
        if not any(scope in granted_scopes for scope in group):
            yield from _lacking("any_of", group, ())
    yield from _lacking("permission", needed.permissions, token.permissions)
    yield from _lacking("role", needed.roles, token.roles)
    for claim, values in needed.claims:
        yield from _lacking(f"claim {claim}", values, claim.names_in(token.claims) or ())
    if needed.issuers and token.issuer not in needed.issuers:
        yield from _lacking("issuer", needed.issuers, ())


def _lacking(kind: str, names: Sequence[str], granted: Collection[str]) -> Iterator[Unmet]:
    return (Unmet(kind, name) for name in names if name not in granted)
