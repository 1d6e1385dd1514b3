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
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Final, Unpack

from fastapi import FastAPI, Response
from fastapi.openapi.models import SecurityBase as SecurityScheme
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from asgi_jwks._options import require_text
from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.entry_point import BearerOptions, authentication
from asgi_jwks.asgi.layers import add_reader
from asgi_jwks.asgi.not_a_parameter import NotAParameter
from asgi_jwks.asgi.route_checks import require_routes
from asgi_jwks.asgi.well_known import ProtectedResourceMetadata
from asgi_jwks.authorization.requirement import Requirement, combined
from asgi_jwks.authorization.requirement_parts import RequirementOptions
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import ConfigurationError, MissingToken
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.integrations.fastapi.bearer_rules import BearerRules
from asgi_jwks.integrations.fastapi.lifespan import run_with_keys
from asgi_jwks.integrations.fastapi.login import Login, PastedToken, require_login
from asgi_jwks.integrations.fastapi.openapi import document_refusals
from asgi_jwks.integrations.fastapi.refusals import answer_refusals
from asgi_jwks.integrations.fastapi.requirements import optional_token, required_token
from asgi_jwks.integrations.fastapi.routes import (
    Needs,
    needs_of_route,
    note_needs,
    scopes_of_routes,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["JWTBearer"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_IN_DEPENDS: Final = (
    "Depends(JWTBearer) has the class and not an instance. Write bearer = "
    "JWTBearer(issuer=..., audience=...) once, and Depends(bearer)."
)

# The middleware, too, names the needs of FastAPI's routes.
add_reader(needs_of_route)


class JWTBearer(SecurityBase):
    """The verified access token of a request or WebSocket, as a FastAPI dependency.

    It takes the token that JWTBearerMiddleware has verified, or verifies it itself by rules of its
    own. Two of them on one endpoint each judge by their own rules; `request.user` is of the last.
    One instance is one callable: `app.dependency_overrides[bearer] = lambda: some_token` stands in
    for the token of `optional` and `requires` as well. The demands of `requires` are made of that
    token too; those of `Security(bearer, scopes=...)` are not, since FastAPI puts the override in
    the place of the whole.

    Args:
        issuers: the TrustedIssuer objects to verify by, those of `asgi_jwks.providers` among them.
            Without any, and without options of an issuer or a `verifier`, JWTBearerMiddleware must
            be around the application, and its token is taken.
        login: how readers of the OpenAPI document get tokens: PastedToken() unless given,
            OpenIDConnect(...) or AuthorizationCode(...).
        scheme_name: the name of the security scheme in the OpenAPI document; different ones where
            an application has several JWTBearer.
        options: `issuer`, `audience` and the others of one issuer (IssuerOptions); those of
            authentication (AuthenticationOptions) and of authorization (AuthorizationOptions). With
            `allow_anonymous=True` a request without a token passes as None where nothing is
            demanded; `optional` says so for one endpoint.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        *issuers: Annotated[Issuer | Sequence[Issuer], NotAParameter(_IN_DEPENDS)],
        login: Login | None = None,
        scheme_name: str = "JWTBearer",
        **options: Unpack[BearerOptions],
    ) -> None:
        own = (
            authentication("JWTBearer", issuers, options, known=BearerOptions.__annotations__)
            if issuers or options
            else None
        )
        self.authentication: Final[Authentication | None] = own
        self.verifier: Final = None if own is None else own.verifier
        self.scheme_name = _name_in_document(scheme_name)
        self._login: Final = PastedToken() if login is None else require_login(login)
        self.model: SecurityScheme = self._login.scheme()
        self._rules: Final = BearerRules(self, own)
        note_needs(self, Needs(self._rules))
        self.optional: Final = optional_token(self._rules)
        """The access token, or None where the request has none: `Depends(bearer.optional)`.

        A token that is there and not valid is refused all the same, and so is one that lacks the
        scopes of `Security(bearer.optional, scopes=[...])`.
        """

    async def __call__(
        self, connection: HTTPConnection, security_scopes: SecurityScopes, response: Response
    ) -> AccessToken | None:
        """The access token, which grants all scopes of `Security(bearer, scopes=[...])`.

        It is None for requests without a token that `allow_anonymous` lets through, only.

        Raises:
            LookupError: neither issuers nor the middleware are there to verify it.
        """
        rules = self._rules
        token = rules.accepted(connection, await rules.token(connection, response))
        needed = rules.needed(security_scopes.scopes)
        if token is None:
            if needed is not None or not rules.allows_anonymous:
                raise rules.refused(connection, MissingToken())
        else:
            await rules.demand(connection, token, needed)
        return token

    def requires(
        self, *demands: str | Requirement, **options: Unpack[RequirementOptions]
    ) -> Callable[..., Awaitable[AccessToken]]:
        """A dependency on a token that grants more than some scopes; see `asgi_jwks.requires`.

            Annotated[AccessToken, Depends(bearer.requires(permissions=["delete:user"]))]

        Raises:
            ConfigurationError: nothing is required, a part is of the wrong form, or no token could
                meet all of it.
        """
        return required_token(self._rules, combined(demands, options))

    def attach(self, app: FastAPI) -> None:
        """Complete an application with the parts that a dependency cannot give it.

        Errors of this package that endpoints raise are answered as refusals are. The OpenAPI
        document gets 401, 403 and 503, says where a token is optional, and tells Swagger UI its
        client id. The metadata of the option `resource` are served. Keys are fetched at start-up
        and kept fresh until shutdown. Without it refusals are the same, and keys are fetched when
        requests need them. It is for the application that a server runs: those that are mounted
        have no lifespan.

        Raises:
            ConfigurationError: it is not a FastAPI application, or no token could meet the demands
                of a route. Those of routes that are added later stop the start.
        """
        if not isinstance(app, FastAPI):
            raise ConfigurationError(
                f"attach() is for a FastAPI application; got {app!r}. Write bearer.attach(app), or "
                "JWTBearerMiddleware(app, ...) around an application of another kind."
            )
        self._require_possible(app)
        own = self.authentication
        self._rules.is_attached = True
        answer_refusals(app)
        if own is not None and own.authorization.resources:
            app.add_middleware(ProtectedResourceMetadata, self)
        if app.swagger_ui_init_oauth is None:
            app.swagger_ui_init_oauth = self._login.swagger_ui()
        has_own_bodies = own is not None and own.error_body is not None
        document_refusals(app, self.scheme_name, has_own_bodies=has_own_bodies)
        run_with_keys(app, own, partial(self._start, app))

    def _require_possible(self, app: FastAPI) -> None:
        """Refuse routes with demands that no token can meet."""
        # The middleware, where it is around, does so with what is held against its tokens.
        require_routes(app, lambda _needed, _where: None)
        for path, scope in scopes_of_routes(app, self._rules):
            if not is_scope(scope):
                raise ConfigurationError(
                    f"{path} demands the scope {scope!r}, which no token can grant: scopes are "
                    'names without spaces, one string each, such as scopes=["a", "b"].'
                )

    async def _start(self, app: FastAPI) -> None:
        self._require_possible(app)
        try:
            login = await self._login.discovered()
        except (FetchFailed, TimeoutError) as error:
            login = PastedToken()
            _log.warning("the documentation cannot offer to log in: %s", error)
        self.model = login.scheme()
        # Made anew from the model when it is next asked for.
        app.openapi_schema = None


# OpenAPI 3.1, section 4.8.7.1: the names of components.
_COMPONENT: Final = re.compile(r"[A-Za-z0-9._-]+")


def _name_in_document(name: object) -> str:
    text = require_text("scheme_name", name, example="JWTBearer")
    if _COMPONENT.fullmatch(text):
        return text
    raise ConfigurationError(
        "scheme_name must be letters, digits, dots, dashes and underscores, as names in an OpenAPI "
        f'document are; got {name!r}. Write for example scheme_name="JWTBearer".'
    )
