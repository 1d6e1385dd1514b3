"""The grants of a valid token, and whether they are enough for a route."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.errors import InsufficientScope
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.grant_advice import advise_on_grant

__all__ = ["Grants", "grants_of", "missing_grant"]


@dataclass(frozen=True, slots=True)
class Grants:
    """The names that a token grants, as the application reads them.

    Attributes:
        scopes: its scopes.
        permissions: its permissions.
        roles: its roles.
        groups: its groups.
    """

    scopes: tuple[str, ...]
    permissions: tuple[str, ...]
    roles: tuple[str, ...]
    groups: tuple[str, ...]

    def given(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each kind that the token has any of, with its names."""
        return ((kind, names) for kind, names in asdict(self).items() if names)


def grants_of(token: AccessToken) -> Grants:
    """The grants of a token."""
    return Grants(token.scopes, token.permissions, token.roles, token.groups)


def missing_grant(needs: Requirement, token: AccessToken) -> str | None:
    """The sentence on a token that grants too little; None of one that grants enough."""
    try:
        needs.check(token)
    except InsufficientScope as refusal:
        return advise_on_grant(refusal.scopes, token, refusal.unmet).sentence
    return None
