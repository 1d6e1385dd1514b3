"""FastAPI: the access token as a security dependency, with or without the middleware.

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
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Final, Unpack

from fastapi import FastAPI, Security
from fastapi.openapi.models import SecurityBase as SecurityScheme
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.types import Scope

from asgi_jwks.asgi.authentication import AUTHENTICATION, Authentication
from asgi_jwks.asgi.identity import Anonymous, access_token, identify
from asgi_jwks.asgi.middleware import BearerOptions, authentication
from asgi_jwks.authorization.requirement import Condition, Requirement, requirement
from asgi_jwks.errors import MissingToken, RequestError, TemporarilyUnavailable
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.integrations.fastapi.lifespan import run_with_keys
from asgi_jwks.integrations.fastapi.openapi import Login, PastedToken, document_refusals
from asgi_jwks.integrations.fastapi.refusals import answer_refusals, refused
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["JWTBearer"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_VERIFIED: Final = "asgi_jwks.verified"
"""The scope key of the tokens that JWTBearer objects have verified for this connection."""


class JWTBearer(SecurityBase):
    """The verified access token of a request or WebSocket, as a FastAPI dependency.

    It takes the token that JWTBearerMiddleware has verified, or verifies it itself by rules of its
    own. One instance is one callable: `app.dependency_overrides[bearer] = lambda: some_token`.

    Args:
        issuers: the TrustedIssuer objects to verify by. Without any, and without options of an
            issuer or a `verifier`, JWTBearerMiddleware must be around the application, and its
            token is taken.
        login: how readers of the OpenAPI document get tokens: PastedToken() unless given,
            OpenIDConnect(...) or AuthorizationCode(...).
        scheme_name: the name of the security scheme in the OpenAPI document.
        options: those of authentication (AuthenticationOptions) and of one issuer (IssuerOptions).

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        *issuers: Issuer,
        login: Login | None = None,
        scheme_name: str = "JWTBearer",
        **options: Unpack[BearerOptions],
    ) -> None:
        own = bool(issuers or options)
        self._authentication: Final[Authentication | None] = (
            authentication("JWTBearer", issuers, options, known=BearerOptions.__annotations__)
            if own
            else None
        )
        own_verifier = None if self._authentication is None else self._authentication.verifier
        self.verifier: Final = own_verifier
        self.scheme_name = scheme_name
        self._login: Login = login or PastedToken()
        self.model: SecurityScheme = self._login.scheme() or PastedToken().scheme()

    async def __call__(
        self, connection: HTTPConnection, security_scopes: SecurityScopes
    ) -> AccessToken:
        """The access token, which grants all scopes of `Security(bearer, scopes=[...])`.

        Raises:
            LookupError: neither issuers nor the middleware are there to verify it.
        """
        scopes = security_scopes.scopes
        return await self._required(connection, requirement(*scopes) if scopes else None)

    async def optional(self, connection: HTTPConnection) -> AccessToken | None:
        """The access token, or None where the request has none: `Depends(bearer.optional)`.

        A token that is there and not valid is refused all the same.
        """
        try:
            return await self._verified(connection.scope)
        except MissingToken:
            return None
        except (RequestError, TemporarilyUnavailable) as error:
            raise self._refused(connection, error) from error

    def requires(
        self,
        *scopes: str,
        any_of: Iterable[str] = (),
        permissions: Iterable[str] = (),
        roles: Iterable[str] = (),
        claims: Mapping[str | tuple[str, ...], str | Iterable[str]] | None = None,
        issuer: str | Iterable[str] = (),
        condition: Condition | None = None,
    ) -> Callable[..., Awaitable[AccessToken]]:
        """A dependency on a token that grants more than some scopes; see `asgi_jwks.requires`.

            Annotated[AccessToken, Depends(bearer.requires(permissions=["delete:user"]))]

        Raises:
            ConfigurationError: nothing is required.
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

        async def required(
            connection: HTTPConnection,
            _token: Annotated[AccessToken, Security(self, scopes=scopes)],
        ) -> AccessToken:
            return await self._granted(connection, _token, needed)

        return required

    def attach(self, app: FastAPI) -> None:
        """Give an application what a dependency cannot.

        Refusals are answered exactly as the middleware answers them, to WebSockets too; so are
        errors of this package that endpoints raise. The OpenAPI document gets 401, 403 and 503,
        and Swagger UI its client id. Keys are fetched at start-up and kept fresh until shutdown.
        Without it statuses and challenges are the same, but FastAPI words the body, WebSockets are
        closed with 1008, and keys are fetched when requests need them.
        """
        answer_refusals(app)
        if app.swagger_ui_init_oauth is None:
            app.swagger_ui_init_oauth = self._login.swagger_ui()
        document_refusals(app, self.scheme_name)
        run_with_keys(app, self._authentication, partial(self._discover_login, app))

    async def _required(
        self, connection: HTTPConnection, needed: Requirement | None
    ) -> AccessToken:
        try:
            token = await self._verified(connection.scope)
            if token is None:
                raise MissingToken
        except (RequestError, TemporarilyUnavailable) as error:
            raise self._refused(connection, error) from error
        return token if needed is None else await self._granted(connection, token, needed)

    async def _granted(
        self, connection: HTTPConnection, token: AccessToken, needed: Requirement
    ) -> AccessToken:
        try:
            await needed.enforce(token)
        except (RequestError, TemporarilyUnavailable) as error:
            raise self._refused(connection, error) from error
        return token

    async def _verified(self, scope: Scope) -> AccessToken | None:
        """The token of a connection by the rules of this object; None for an anonymous one.

        It is verified once for each connection; several objects may have rules of their own.
        """
        if self._authentication is None:
            return None if isinstance(scope.get("auth"), Anonymous) else access_token(scope)
        verified: dict[int, AccessToken | None] = scope.setdefault(_VERIFIED, {})
        if id(self) not in verified:
            scope[AUTHENTICATION] = self._authentication
            verified[id(self)] = await self._authentication.authenticate(scope)
            if scope["type"] == "websocket":
                self._authentication.conceal_tokens(scope)
        token = verified[id(self)]
        identify(scope, token)
        return token

    def _refused(
        self, connection: HTTPConnection, error: RequestError | TemporarilyUnavailable
    ) -> Exception:
        if self._authentication is not None:
            connection.scope[AUTHENTICATION] = self._authentication
        return refused(connection, error)

    async def _discover_login(self, app: FastAPI) -> None:
        try:
            self._login = await self._login.discovered()
        except (FetchFailed, TimeoutError) as error:
            _log.warning("the documentation cannot offer to log in: %s", error)
        else:
            self.model = self._login.scheme() or self.model
            # Made anew from the model when it is next asked for.
            app.openapi_schema = None
