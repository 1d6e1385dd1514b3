"""The demands of a route on the token of a JWTBearer.

One refusal names all that a dependency demands. An override of the JWTBearer replaces the token,
and never a demand.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Security
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from starlette.types import Scope

from asgi_jwks.asgi.authentication import AROUND, AUTHENTICATION, Authentication
from asgi_jwks.asgi.authorization import DEFAULT_AUTHORIZATION
from asgi_jwks.asgi.guards import refusal_of
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import MissingToken, RequestError, TemporarilyUnavailable
from asgi_jwks.integrations.fastapi.connection_tokens import token_of
from asgi_jwks.integrations.fastapi.openapi import DocumentedScheme, NamedScheme
from asgi_jwks.integrations.fastapi.refusals import answer_refusals_here, refused
from asgi_jwks.integrations.fastapi.routes import Needs, needs_of_connection, note_needs
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["Judge", "Refused", "optional_token", "required_token"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_BAD_REQUEST: Final = 400


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a connection has no token, for a dependency that refuses it later."""

    error: RequestError | TemporarilyUnavailable


class Judge:
    """Finds the token of a connection, and holds it against demands.

    Args:
        bearer: the JWTBearer whose rules these are.
        authentication: its rules; None takes the token of the middleware.
    """

    def __init__(self, bearer: NamedScheme, authentication: Authentication | None) -> None:
        self.bearer: Final = bearer
        self.allows_anonymous: Final = authentication is not None
        self._authentication: Final = authentication
        self._of_all: Final = (
            None if authentication is None else authentication.authorization.requirement
        )
        self._needed: Final[dict[tuple[tuple[str, ...], Requirement | None], Requirement]] = {}

    async def token(self, connection: HTTPConnection) -> AccessToken | Refused | None:
        """The verified token, why there is none, or None for an anonymous request.

        Raises:
            LookupError: neither rules nor the middleware are there to verify it.
        """
        answer_refusals_here(connection.scope)
        try:
            return await token_of(connection.scope, self._authentication)
        except (RequestError, TemporarilyUnavailable) as error:
            return Refused(error)

    def accepted(
        self, connection: HTTPConnection, found: AccessToken | Refused | None
    ) -> AccessToken | None:
        """The token, or None of an anonymous request.

        Raises:
            HTTPException: the connection is refused; its kind for WebSockets likewise.
        """
        if isinstance(found, Refused):
            raise self.refused(connection, found.error) from found.error
        return found

    def with_those_of_all(self, requirement: Requirement) -> Requirement:
        """A requirement of one route, and the one of the option `requires`.

        Raises:
            ConfigurationError: no token could meet both.
        """
        return requirement if self._of_all is None else self._of_all & requirement

    def needed(
        self, scopes: Sequence[str], requirement: Requirement | None = None
    ) -> Requirement | None:
        """All that is demanded of a token, as one requirement; None where nothing is.

        Args:
            scopes: those that the route asks with; there are as many sets as routes demand.
            requirement: one that was declared for it.
        """
        if not scopes:
            return requirement or self._of_all
        key = tuple(scopes), requirement
        needed = self._needed.get(key)
        if needed is None:
            of_scopes = _of_scopes(key[0])
            others = requirement or self._of_all
            needed = self._needed[key] = of_scopes if others is None else of_scopes & others
        return needed

    async def demand(
        self, connection: HTTPConnection, token: AccessToken, needed: Requirement | None
    ) -> None:
        """Hold a token against a requirement.

        Raises:
            HTTPException: the token does not meet it.
        """
        if needed is None:
            return
        rules = self._rules(connection)
        authorization = DEFAULT_AUTHORIZATION if rules is None else rules.authorization
        try:
            await needed.enforce(
                token, scopes_of=authorization.scopes_of, clock=authorization.clock
            )
        except (RequestError, TemporarilyUnavailable) as error:
            raise self.refused(connection, error) from error

    def refused(
        self, connection: HTTPConnection, error: RequestError | TemporarilyUnavailable
    ) -> Exception:
        """The exception to raise in a dependency, which names all that the route needs."""
        if isinstance(error, RequestError) and error.status != _BAD_REQUEST:
            needs = needs_of_connection(connection.scope, self)
            needs += [] if self._of_all is None else [self._of_all]
            named = (name for need in needs for name in need.named_scopes)
            error.scopes = tuple(dict.fromkeys((*named, *error.scopes)))
        rules = self._authentication or connection.scope.get(AROUND)
        refusal = (
            rules.refusal(error, connection.scope)
            if isinstance(rules, Authentication)
            else refusal_of(connection, error)
        )
        return refused(connection, error, refusal)

    def _rules(self, connection: HTTPConnection) -> Authentication | None:
        scope = connection.scope
        rules = self._authentication or scope.get(AROUND) or scope.get(AUTHENTICATION)
        return rules if isinstance(rules, Authentication) else None

    def has_no_token(self, found: object, scope: Scope) -> bool:
        """Whether there is no token at all; an application's check may raise MissingToken too."""
        own = self._authentication
        return found is None or (
            isinstance(found, Refused)
            and isinstance(found.error, MissingToken)
            and own is not None
            and own.token(scope) is None
        )


class _Token:
    """The token of a request, for dependencies that hold it against demands themselves.

    It equals its JWTBearer, so that an override of that one in `dependency_overrides` is one of
    this as well. The scope that it is asked with keeps FastAPI, which calls a dependency once for
    each request and scopes, from taking its answer for one of the JWTBearer.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge: Final = judge

    def __hash__(self) -> int:
        return hash(self._judge.bearer)

    def __eq__(self, other: object) -> bool:
        return other is self._judge.bearer or (
            isinstance(other, _Token) and other._judge is self._judge
        )

    async def __call__(self, connection: HTTPConnection) -> AccessToken | Refused | None:
        """See Judge.token."""
        return await self._judge.token(connection)


# With spaces, so that it is not the scope of any token.
_NOT_A_SCOPE: Final = "the token, whatever it grants"


def optional_token(judge: Judge) -> Callable[..., Awaitable[AccessToken | None]]:
    """The dependency `bearer.optional`."""
    documented = DocumentedScheme(judge.bearer, is_optional=True)

    async def optional(
        connection: HTTPConnection,
        security_scopes: SecurityScopes,
        found: Annotated[Any, Security(_Token(judge), scopes=[_NOT_A_SCOPE])],
        _in_the_document: Annotated[None, Depends(documented)],
    ) -> AccessToken | None:
        if judge.has_no_token(found, connection.scope):
            return None
        token = judge.accepted(connection, found)
        needed = judge.needed(security_scopes.scopes)
        if needed is not None:
            await judge.demand(connection, _verified(token), needed)
        return token

    note_needs(optional, Needs(judge))
    return optional


def required_token(judge: Judge, demanded: Requirement) -> Callable[..., Awaitable[AccessToken]]:
    """A dependency on a token that meets a requirement, and scopes of `Security`."""
    requirement = judge.with_those_of_all(demanded)
    documented = DocumentedScheme(judge.bearer, requirement=requirement)

    async def required(
        connection: HTTPConnection,
        security_scopes: SecurityScopes,
        found: Annotated[Any, Security(_Token(judge), scopes=[_NOT_A_SCOPE])],
        _in_the_document: Annotated[None, Security(documented, scopes=requirement.scopes)],
    ) -> AccessToken:
        token = judge.accepted(connection, found)
        if token is None:
            raise judge.refused(connection, MissingToken())
        verified = _verified(token)
        await judge.demand(connection, verified, judge.needed(security_scopes.scopes, requirement))
        return verified

    note_needs(required, Needs(judge, requirement))
    return required


def _of_scopes(scopes: tuple[str, ...]) -> Requirement:
    """The Requirement of the scopes of a `Security`, which nobody has checked yet."""
    impossible = [scope for scope in scopes if not is_scope(scope)]
    if not impossible:
        return Requirement(*scopes)
    _log.error(
        "no token can grant the scope %r: scopes are names without spaces, one string each, such "
        'as scopes=["a", "b"].',
        impossible[0],
    )
    # G9: a demand that nobody can meet is not an error of the request.
    return Requirement(*filter(is_scope, scopes), condition=_is_never_met)


def _is_never_met(_token: AccessToken) -> bool:
    return False


def _verified(token: object) -> AccessToken:
    """The token of an override, which an application's tests have put there."""
    if isinstance(token, AccessToken):
        return token
    raise TypeError(
        "an override of a JWTBearer in dependency_overrides must return an AccessToken, which "
        f"demands are made of; got {type(token).__name__}"
    )
