"""Dependencies on the token of a JWTBearer that is optional, or must grant more.

An override of the JWTBearer replaces the token, and never a demand.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import Depends, Response, Security
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes

from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import MissingToken
from asgi_jwks.integrations.fastapi.bearer_rules import BearerRules, Refused
from asgi_jwks.integrations.fastapi.openapi import DocumentedScheme
from asgi_jwks.integrations.fastapi.routes import Needs, note_needs
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["optional_token", "required_token"]


class _Token:
    """The token of a request, for dependencies that hold it against demands themselves.

    It equals its JWTBearer, so that an override of that one in `dependency_overrides` is one of
    this as well. The scope that it is asked with keeps FastAPI, which calls a dependency once for
    each request and scopes, from taking its answer for one of the JWTBearer.
    """

    def __init__(self, rules: BearerRules) -> None:
        self._rules: Final = rules

    @property
    def verifier(self) -> object:
        """That of the JWTBearer, for whoever looks for the verifiers of an application."""
        return getattr(self._rules.bearer, "verifier", None)

    def __hash__(self) -> int:
        return hash(self._rules.bearer)

    def __eq__(self, other: object) -> bool:
        return other is self._rules.bearer or (
            isinstance(other, _Token) and other._rules is self._rules
        )

    async def __call__(
        self, connection: HTTPConnection, response: Response
    ) -> AccessToken | Refused | None:
        """See BearerRules.token."""
        return await self._rules.token(connection, response)


# With spaces, so that it is not the scope of any token.
_NOT_A_SCOPE: Final = "the token, whatever it grants"


def optional_token(rules: BearerRules) -> Callable[..., Awaitable[AccessToken | None]]:
    """The dependency `bearer.optional`."""
    documented = DocumentedScheme(rules.bearer, is_optional=True)

    async def optional(
        connection: HTTPConnection,
        security_scopes: SecurityScopes,
        found: Annotated[Any, Security(_Token(rules), scopes=[_NOT_A_SCOPE])],
        _in_the_document: Annotated[None, Depends(documented)],
    ) -> AccessToken | None:
        if rules.has_no_token(found, connection.scope):
            return None
        token = rules.accepted(connection, found)
        needed = rules.needed(security_scopes.scopes)
        if needed is not None:
            await rules.demand(connection, _verified(token), needed)
        return token

    note_needs(optional, Needs(rules))
    return optional


def required_token(
    rules: BearerRules, demanded: Requirement
) -> Callable[..., Awaitable[AccessToken]]:
    """A dependency on a token that meets a requirement, and scopes of `Security`."""
    requirement = rules.with_those_of_all(demanded)
    documented = DocumentedScheme(rules.bearer, requirement=requirement)
    # Clients ask for permissions as they ask for scopes, and challenges name them alike.
    named = [n for n in (*requirement.scopes, *requirement.permissions) if is_scope(n)]

    async def required(
        connection: HTTPConnection,
        security_scopes: SecurityScopes,
        found: Annotated[Any, Security(_Token(rules), scopes=[_NOT_A_SCOPE])],
        _in_the_document: Annotated[None, Security(documented, scopes=named)],
    ) -> AccessToken:
        token = rules.accepted(connection, found)
        if token is None:
            raise rules.refused(connection, MissingToken())
        verified = _verified(token)
        await rules.demand(connection, verified, rules.needed(security_scopes.scopes, requirement))
        return verified

    note_needs(required, Needs(rules, requirement))
    return required


def _verified(token: object) -> AccessToken:
    """The token of an override, which an application's tests have put there."""
    if isinstance(token, AccessToken):
        return token
    raise TypeError(
        "an override of a JWTBearer in dependency_overrides must return an AccessToken, which "
        f"demands are made of; got {type(token).__name__}"
    )
