"""FastAPI: the access token as a security dependency, with or without the middleware.

What lives only here: `JWTBearer` and what one line of `attach` gives an application. What it does
not know: how tokens are verified and refusals worded; both are the middleware's, so that the
answers are equal.

    bearer = JWTBearer(
        TrustedIssuer(issuer="https://example.eu.auth0.com/", audience="https://api.example.com")
    )
    app = FastAPI()
    bearer.attach(app)

    @app.get("/messages")
    async def messages(
        token: Annotated[AccessToken, Security(bearer, scopes=["read:messages"])],
    ) -> list[str]: ...
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Annotated, Final, cast

import anyio
from fastapi import FastAPI, Security
from fastapi.openapi.models import SecurityBase as SecurityScheme
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.types import Message, Receive, Scope, Send

from asgi_jwks.asgi.authorization import Condition, access_token, requires
from asgi_jwks.asgi.identity import Anonymous
from asgi_jwks.asgi.middleware import JWTBearerMiddleware
from asgi_jwks.asgi.token_sources import AuthorizationHeader, TokenSource
from asgi_jwks.errors import ConfigurationError, KeySetError, MissingToken, RequestError
from asgi_jwks.fetching.request import FetchFailed
from asgi_jwks.integrations.fastapi.lifespan import run_with_keys
from asgi_jwks.integrations.fastapi.openapi import (
    AuthorizationCode,
    Login,
    OpenIDConnect,
    PastedToken,
    document_refusals,
)
from asgi_jwks.integrations.fastapi.refusals import answer_refusals, refused
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.verifier import AccessTokenVerifier
from asgi_jwks.trusted_issuer import TrustedIssuer

__all__ = ["AuthorizationCode", "JWTBearer", "OpenIDConnect", "PastedToken"]

_log: Final = logging.getLogger("asgi_jwks.requests")

VERDICT: Final = "asgi_jwks.verdict"
"""The scope key of the error of a refusal, or else of the JWTBearer that accepted the token."""


class JWTBearer(SecurityBase):
    """The verified access token of a request or WebSocket, as a FastAPI dependency.

    It takes the token that JWTBearerMiddleware has verified, or verifies it itself by rules of its
    own. One instance is one callable: `app.dependency_overrides[bearer] = lambda: some_token`.

    Args:
        issuers: the TrustedIssuer objects to verify by. Without any, and without `verifier`,
            JWTBearerMiddleware must be around the application, and its verdict is taken.
        verifier: an AccessTokenVerifier instead of `issuers`.
        token_sources: where tokens are looked for; the Authorization field unless given.
        realm: the realm of the challenges.
        resource_metadata: the URL of this server's metadata (RFC 9728), for the challenges.
        login: how the OpenAPI document says that tokens are had: PastedToken() unless given,
            OpenIDConnect(...) or AuthorizationCode(...).
        scheme_name: the name of the security scheme in the OpenAPI document.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        *issuers: TrustedIssuer,
        verifier: AccessTokenVerifier | None = None,
        token_sources: Sequence[TokenSource] = (AuthorizationHeader(),),
        realm: str = "api",
        resource_metadata: str | None = None,
        login: Login | None = None,
        scheme_name: str = "JWTBearer",
    ) -> None:
        if issuers and verifier is not None:
            raise ConfigurationError("Give either TrustedIssuer objects or verifier, not both.")
        self.verifier: Final = AccessTokenVerifier(issuers) if issuers else verifier
        self.scheme_name = scheme_name
        # Its verdict is wanted and not its place: it guards nothing, and its answer goes nowhere.
        self._guard: Final = (
            JWTBearerMiddleware(
                _do_nothing,
                verifier=self.verifier,
                token_sources=token_sources,
                realm=realm,
                resource_metadata=resource_metadata,
                on_refused=_note,
            )
            if self.verifier is not None
            else None
        )
        self._login: Login = login or PastedToken()
        self.model: SecurityScheme = self._login.scheme() or PastedToken().scheme()

    async def __call__(
        self, connection: HTTPConnection, security_scopes: SecurityScopes
    ) -> AccessToken:
        """The access token, which grants all scopes of `Security(bearer, scopes=[...])`.

        Raises:
            LookupError: neither issuers nor the middleware are there to verify it.
        """
        try:
            token = await self._verified(connection.scope)
            if security_scopes.scopes:
                requires(*security_scopes.scopes).check(token)
        except (RequestError, KeySetError) as error:
            raise refused(connection, error) from error
        return token

    async def optional(self, connection: HTTPConnection) -> AccessToken | None:
        """The access token, or None where the request has none: `Depends(bearer.optional)`.

        A token that is there and not valid is refused all the same.
        """
        try:
            return await self._verified(connection.scope)
        except MissingToken:
            return None
        except (RequestError, KeySetError) as error:
            raise refused(connection, error) from error

    def requires(
        self,
        *scopes: str,
        any_of: Iterable[str] = (),
        permissions: Iterable[str] = (),
        condition: Condition | None = None,
    ) -> Callable[..., Awaitable[AccessToken]]:
        """A dependency on a token that grants more than some scopes; see `asgi_jwks.requires`.

            Annotated[AccessToken, Depends(bearer.requires(permissions=["delete:user"]))]

        Raises:
            ConfigurationError: nothing is required.
        """
        requirement = requires(*scopes, any_of=any_of, permissions=permissions, condition=condition)

        async def required(
            connection: HTTPConnection,
            token: Annotated[AccessToken, Security(self, scopes=scopes)],
        ) -> AccessToken:
            try:
                requirement.check(token)
            except RequestError as error:
                raise refused(connection, error) from error
            return token

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
        run_with_keys(app, self.verifier, partial(self._discover_login, app))

    async def _verified(self, scope: Scope) -> AccessToken:
        if self._guard is not None and scope.get(VERDICT) is not self:
            await self._guard(scope, cast("Receive", anyio.sleep_forever), _send_nowhere)
            refusal = scope.pop(VERDICT, None)
            if refusal is not None:
                raise refusal
            scope[VERDICT] = self
        if isinstance(scope.get("auth"), Anonymous):
            raise MissingToken
        return access_token(scope)

    async def _discover_login(self, app: FastAPI) -> None:
        try:
            self._login = await self._login.discovered()
        except (FetchFailed, TimeoutError) as error:
            _log.warning("the documentation cannot offer to log in: %s", error)
        else:
            self.model = self._login.scheme() or self.model
            # Made anew from the model when it is next asked for.
            app.openapi_schema = None


def _note(error: RequestError | KeySetError, scope: Scope) -> None:
    scope[VERDICT] = error


async def _do_nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """The application behind a guard that guards nothing."""


async def _send_nowhere(_message: Message) -> None:
    """The guard's own answer; the same one is given by way of FastAPI."""
