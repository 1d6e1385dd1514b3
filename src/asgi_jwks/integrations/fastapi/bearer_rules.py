"""The rules of one JWTBearer: the token of a connection, and the demands on it.

One refusal names all that a route demands by these rules.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.types import Scope

from asgi_jwks.asgi.authentication import AROUND, AUTHENTICATION, Authentication
from asgi_jwks.asgi.authorization import DEFAULT_AUTHORIZATION, Authorization
from asgi_jwks.asgi.guards import tell_of_public_path
from asgi_jwks.asgi.presentation import DPOP_NONCE
from asgi_jwks.asgi.refusals import for_this_request
from asgi_jwks.asgi.route_refusals import refusal_of
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import MissingToken, RequestError, TemporarilyUnavailable
from asgi_jwks.integrations.fastapi.connection_tokens import token_of
from asgi_jwks.integrations.fastapi.openapi import NamedScheme
from asgi_jwks.integrations.fastapi.refusals import answer_refusals_here, refused
from asgi_jwks.integrations.fastapi.routes import needs_of_connection
from asgi_jwks.tokens.access_token import AccessToken

__all__ = ["BearerRules", "NamedScheme", "Refused"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_BAD_REQUEST: Final = 400


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a connection has no token, for a dependency that refuses it later."""

    error: RequestError | TemporarilyUnavailable


class BearerRules:
    """Finds the token of a connection, and holds it against demands.

    Args:
        bearer: the JWTBearer whose rules these are.
        authentication: its rules; None takes the token of the middleware.
    """

    def __init__(self, bearer: NamedScheme, authentication: Authentication | None) -> None:
        self.bearer: Final = bearer
        self.allows_anonymous: Final = authentication is not None
        self.is_attached = False
        self.authentication: Final = authentication
        self._hinted_at_attach = False
        self._of_all: Final = (
            None if authentication is None else authentication.authorization.requirement
        )
        self._held: list[Requirement] = []
        self._needed: Final[dict[tuple[tuple[str, ...], Requirement | None], Requirement]] = {}

    async def token(
        self, connection: HTTPConnection, response: Response
    ) -> AccessToken | Refused | None:
        """The verified token, why there is none, or None for an anonymous request.

        Where the client needs a nonce for its next DPoP proof, `response` tells it.

        Raises:
            LookupError: neither rules nor the middleware are there to verify it.
        """
        answer_refusals_here(connection.scope)
        try:
            token = await token_of(connection.scope, self.authentication)
        except (RequestError, TemporarilyUnavailable) as error:
            return Refused(error)
        nonce = connection.scope.get(DPOP_NONCE)
        if nonce is not None:
            # RFC 9449, section 8.2.
            response.headers["DPoP-Nonce"] = nonce
        return token

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
        both = requirement if self._of_all is None else self._of_all & requirement
        if self.authentication is not None:
            self.authentication.authorization.require_enforceable(both, "requires")
        return both

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
            self._hold_against_issuers(needed, authorization)
            raise self.refused(connection, error) from error

    def _hold_against_issuers(self, needed: Requirement, authorization: Authorization) -> None:
        """Tell once of a requirement that nobody can meet."""
        if all(needed is not held for held in self._held):
            # Of a dependency that is made for each request there is another one each time.
            self._held = [*self._held[-_MOST_HELD:], needed]
            authorization.tell_if_unenforceable(needed)

    def refused(
        self, connection: HTTPConnection, error: RequestError | TemporarilyUnavailable
    ) -> Exception:
        """The exception to raise in a dependency, which names all that the route needs."""
        # Where an override stands in for the token, nobody has seen to it.
        answer_refusals_here(connection.scope)
        if isinstance(error, MissingToken) and self.authentication is None:
            tell_of_public_path(connection.scope)
        if isinstance(error, RequestError) and error.status != _BAD_REQUEST:
            needs = needs_of_connection(connection.scope, self)
            needs += [] if self._of_all is None else [self._of_all]
            named = (name for need in needs for name in need.named_scopes)
            scopes = tuple(dict.fromkeys((*named, *error.scopes)))
            error = for_this_request(error, scheme=error.scheme, scopes=scopes)
        own = self.authentication
        if own is not None and own.authorization.resources and not self.is_attached:
            self._hint_at_attach()
        rules = own or connection.scope.get(AROUND)
        refusal = (
            rules.refusal(error, connection.scope)
            if isinstance(rules, Authentication)
            else refusal_of(connection, error)
        )
        return refused(connection, error, refusal)

    def _hint_at_attach(self) -> None:
        """Say that nobody serves the metadata which challenges name."""
        if not self._hinted_at_attach:
            self._hinted_at_attach = True
            _log.warning(
                "challenges name the metadata of a resource, and this JWTBearer is attached to no "
                "application that serves them: call bearer.attach(app), or put "
                "ProtectedResourceMetadata(app, bearer) around it"
            )

    def _rules(self, connection: HTTPConnection) -> Authentication | None:
        scope = connection.scope
        rules = self.authentication or scope.get(AROUND) or scope.get(AUTHENTICATION)
        return rules if isinstance(rules, Authentication) else None

    def has_no_token(self, found: object, scope: Scope) -> bool:
        """Whether there is no token at all; an application's check may raise MissingToken too."""
        own = self.authentication
        return found is None or (
            isinstance(found, Refused)
            and isinstance(found.error, MissingToken)
            and own is not None
            and own.token(scope) is None
        )


_MOST_HELD: Final = 255


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
