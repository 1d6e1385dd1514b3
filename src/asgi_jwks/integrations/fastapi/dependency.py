"""`JWTBearer`: the access token as a FastAPI security dependency, with or without the middleware.

Tokens are judged and refusals worded as the middleware does it, so that the answers are equal.

    bearer = JWTBearer(issuer="https://example.eu.auth0.com/", audience="https://api.example.com")
    app = FastAPI()
    bearer.attach(app)

    @app.get("/messages")
    async def messages(
        token: Annotated[AccessToken, Security(bearer, scopes=["read:messages"])],
    ) -> list[str]: ...
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Final, Unpack

from fastapi import Depends, FastAPI, Security
from fastapi.openapi.models import SecurityBase as SecurityScheme
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.types import Scope

from asgi_jwks._options import require_text
from asgi_jwks.asgi.authentication import AROUND, AUTHENTICATION, Authentication
from asgi_jwks.asgi.guards import refusal_of
from asgi_jwks.asgi.identity import Anonymous, access_token, identify
from asgi_jwks.asgi.middleware import BearerOptions, authentication
from asgi_jwks.authorization.requirement import (
    Claims,
    Condition,
    Names,
    Requirement,
    is_scope,
    requirement,
)
from asgi_jwks.errors import ConfigurationError, MissingToken, RequestError, TemporarilyUnavailable
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.integrations.fastapi.lifespan import run_with_keys
from asgi_jwks.integrations.fastapi.openapi import (
    OR_NO_TOKEN,
    Login,
    PastedToken,
    document_refusals,
)
from asgi_jwks.integrations.fastapi.refusals import answer_refusals, answer_refusals_here, refused
from asgi_jwks.integrations.fastapi.routes import scopes_of_routes
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["JWTBearer"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_VERIFIED: Final = "asgi_jwks.verified"
"""The scope key of the tokens that JWTBearer objects have verified for this connection."""


@dataclass(slots=True)
class _Verified:
    """The tokens of one connection: the middleware's, and by the JWTBearer that verified each."""

    auth: object
    tokens: "dict[JWTBearer, AccessToken | None]" = field(default_factory=dict)


class JWTBearer(SecurityBase):
    """The verified access token of a request or WebSocket, as a FastAPI dependency.

    It takes the token that JWTBearerMiddleware has verified, or verifies it itself by rules of its
    own. Two of them on one endpoint each judge by their own rules; `request.user` is of the last.
    One instance is one callable: `app.dependency_overrides[bearer] = lambda: some_token` stands in
    for `optional` and `requires` as well, whatever a route demands.

    Args:
        issuers: the TrustedIssuer objects to verify by, those of `asgi_jwks.providers` among them.
            Without any, and without options of an issuer or a `verifier`, JWTBearerMiddleware must
            be around the application, and its token is taken.
        login: how readers of the OpenAPI document get tokens: PastedToken() unless given,
            OpenIDConnect(...) or AuthorizationCode(...).
        scheme_name: the name of the security scheme in the OpenAPI document; different ones where
            an application has several JWTBearer.
        options: those of authentication (AuthenticationOptions) and of one issuer (IssuerOptions).
            With `allow_anonymous=True` a request without a token passes as None where no scopes
            are asked for; `optional` says so for one endpoint.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        *issuers: Issuer | Sequence[Issuer],
        login: Login | None = None,
        scheme_name: str = "JWTBearer",
        **options: Unpack[BearerOptions],
    ) -> None:
        self._authentication: Final[Authentication | None] = (
            authentication("JWTBearer", issuers, options, known=BearerOptions.__annotations__)
            if issuers or options
            else None
        )
        own = self._authentication
        self.verifier: Final = None if own is None else own.verifier
        self.scheme_name = require_text("scheme_name", scheme_name, example="JWTBearer")
        self._login: Login = PastedToken() if login is None else _login(login)
        self.model: SecurityScheme = self._login.scheme()
        self._required: Final[dict[tuple[str, ...], Requirement]] = {}
        self._documented: Final = _Documented(self.scheme_name, self.model)
        self.optional: Final = self._or_none()
        """The access token, or None where the request has none: `Depends(bearer.optional)`.

        A token that is there and not valid is refused all the same, and so is one that lacks the
        scopes of `Security(bearer.optional, scopes=[...])`.
        """

    async def __call__(
        self, connection: HTTPConnection, security_scopes: SecurityScopes
    ) -> AccessToken | None:
        """The access token, which grants all scopes of `Security(bearer, scopes=[...])`.

        It is None for requests without a token that `allow_anonymous` lets through, only.

        Raises:
            LookupError: neither issuers nor the middleware are there to verify it.
        """
        scopes = tuple(scope for scope in security_scopes.scopes if scope is not OR_NO_TOKEN)
        is_optional = len(scopes) < len(security_scopes.scopes)
        answer_refusals_here(connection.scope)
        try:
            token = await self._verified(connection.scope)
        except (RequestError, TemporarilyUnavailable) as error:
            if is_optional and self._lacks_token(connection, error):
                return None
            raise self._refused(connection, error) from error
        if token is None and not is_optional and (scopes or self._authentication is None):
            raise self._refused(connection, MissingToken())
        if token is not None and scopes:
            await self._demand(connection, token, self._requirement(scopes))
        return token

    def requires(
        self,
        *scopes: str,
        any_of: Names | None = None,
        permissions: Names | None = None,
        roles: Names | None = None,
        claims: Claims | None = None,
        issuer: Names | None = None,
        condition: Condition | None = None,
    ) -> Callable[..., Awaitable[AccessToken | None]]:
        """A dependency on a token that grants more than some scopes; see `asgi_jwks.requires`.

            Annotated[AccessToken, Depends(bearer.requires(permissions=["delete:user"]))]

        Raises:
            ConfigurationError: nothing is required, or a part is of the wrong form.
        """
        needed = requirement(
            *scopes,
            any_of=any_of,
            permissions=permissions,
            roles=roles,
            claims=claims,
            issuer=issuer,
            condition=condition,
        )

        # Not `Security(self, scopes=scopes)`: one challenge names all that is needed.
        async def required(
            connection: HTTPConnection,
            token: Annotated[AccessToken | None, Depends(self)],
            _in_the_document: Annotated[None, Security(self._documented, scopes=needed.scopes)],
        ) -> AccessToken | None:
            if self._is_overridden(connection):
                return token
            if token is None:
                raise self._refused(connection, MissingToken())
            await self._demand(connection, token, needed)
            return token

        return required

    def attach(self, app: FastAPI) -> None:
        """Complete an application with the parts that a dependency cannot give it.

        Errors of this package that endpoints raise are answered as refusals are. The OpenAPI
        document gets 401, 403 and 503, says where a token is optional, and tells Swagger UI its
        client id. Keys are fetched at start-up and kept fresh until shutdown, and a scope that no
        token can grant stops the start. Without it refusals are the same, and keys are fetched when
        requests need them. It is for the application that a server runs: those that are mounted
        have no lifespan.
        """
        own = self._authentication
        answer_refusals(app)
        if app.swagger_ui_init_oauth is None:
            app.swagger_ui_init_oauth = self._login.swagger_ui()
        has_own_bodies = own is not None and own.error_body is not None
        document_refusals(app, self.scheme_name, has_own_bodies=has_own_bodies)
        run_with_keys(app, own, partial(self._start, app))

    async def _verified(self, scope: Scope) -> AccessToken | None:
        """The token of a connection, by this object's rules; None for an anonymous one.

        It is verified once for each connection; several objects may have rules of their own.
        """
        verified = self._verified_in(scope)
        if self._authentication is None:
            # Not what another object has put on the scope since.
            is_anonymous = isinstance(verified.auth, Anonymous)
            return None if is_anonymous else access_token({"auth": verified.auth})
        if self not in verified.tokens:
            token = await self._authentication.authenticate(scope)
            verified.tokens[self] = token
            if scope["type"] == "websocket":
                self._authentication.conceal_tokens(scope)
            if token is not None:
                scope[AUTHENTICATION] = self._authentication
                identify(scope, token)
        return verified.tokens[self]

    def _verified_in(self, scope: Scope) -> _Verified:
        verified: _Verified | None = scope.get(_VERIFIED)
        if verified is None:
            verified = scope[_VERIFIED] = _Verified(scope.get("auth"))
            scope[AROUND] = scope.get(AUTHENTICATION)
            if scope[AROUND] is None and self._authentication is not None:
                # Nothing that was on the scope before can be mistaken for a verified token.
                verified.auth = None
                scope[AUTHENTICATION] = self._authentication
                identify(scope, None)
        return verified

    async def _demand(
        self, connection: HTTPConnection, token: AccessToken, needed: Requirement
    ) -> None:
        try:
            await needed.enforce(token)
        except (RequestError, TemporarilyUnavailable) as error:
            raise self._refused(connection, error) from error

    def _requirement(self, scopes: tuple[str, ...]) -> Requirement:
        """The Requirement of a route's scopes; there are as many as routes demand."""
        needed = self._required.get(scopes)
        if needed is None:
            impossible = [scope for scope in scopes if not is_scope(scope)]
            if impossible:
                _log.error("no token can grant the scope %r: %s", impossible[0], _ONE_BY_ONE)
            needed = self._required[scopes] = Requirement(scopes=scopes)
        return needed

    def _refused(
        self, connection: HTTPConnection, error: RequestError | TemporarilyUnavailable
    ) -> Exception:
        own = self._authentication or connection.scope.get(AROUND)
        refusal = (
            own.refusal(error, connection.scope)
            if isinstance(own, Authentication)
            else refusal_of(connection, error)
        )
        return refused(connection, error, refusal)

    def _lacks_token(self, connection: HTTPConnection, error: Exception) -> bool:
        """Whether there is no token at all; an application's check may raise MissingToken too."""
        own = self._authentication
        return (
            isinstance(error, MissingToken)
            and own is not None
            and own.token(connection.scope) is None
        )

    def _is_overridden(self, connection: HTTPConnection) -> bool:
        """Whether a test has put another dependency in the place of this one."""
        return self in getattr(connection.scope.get("app"), "dependency_overrides", ())

    def _or_none(self) -> Callable[..., Awaitable[AccessToken | None]]:
        # By way of this object, so that whoever overrides it overrides this as well.
        async def optional(
            token: Annotated[AccessToken | None, Security(self, scopes=[OR_NO_TOKEN])],
        ) -> AccessToken | None:
            return token

        return optional

    async def _start(self, app: FastAPI) -> None:
        for path, scope in scopes_of_routes(app.routes, self):
            if scope is not OR_NO_TOKEN and not is_scope(scope):
                raise ConfigurationError(
                    f"{path} demands the scope {scope!r}, which no token can grant: {_ONE_BY_ONE}"
                )
        try:
            login = await self._login.discovered()
        except (FetchFailed, TimeoutError) as error:
            login = PastedToken()
            _log.warning("the documentation cannot offer to log in: %s", error)
        self.model = self._documented.model = login.scheme()
        # Made anew from the model when it is next asked for.
        app.openapi_schema = None


_ONE_BY_ONE: Final = 'scopes are names without spaces, one string each, such as scopes=["a", "b"].'


class _Documented(SecurityBase):
    """The security scheme of a JWTBearer, with scopes that are demanded elsewhere."""

    def __init__(self, scheme_name: str, model: SecurityScheme) -> None:
        self.scheme_name = scheme_name
        self.model = model

    async def __call__(self) -> None:
        """Nothing is left to do."""


def _login(login: Login) -> Login:
    if not callable(getattr(login, "scheme", None)) or isinstance(login, type):
        raise ConfigurationError(
            f"login must be PastedToken(), OpenIDConnect(...) or AuthorizationCode(...); got "
            f"{login!r}."
        )
    return login
