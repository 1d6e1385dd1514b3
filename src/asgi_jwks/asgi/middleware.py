"""`JWTBearerMiddleware`: which connections of an ASGI application are guarded.

It decides nothing itself: `authentication` does, `responses` answers.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Unpack

from asgi_jwks._options import require_app, require_flag, require_known
from asgi_jwks._printable import quoted
from asgi_jwks.asgi.authentication import AUTHENTICATION, PUBLIC
from asgi_jwks.asgi.connection_expiry import ending_at_expiry
from asgi_jwks.asgi.entry_point import BearerOptions, authentication, shared_options
from asgi_jwks.asgi.health_app import HealthPath
from asgi_jwks.asgi.lifespan import run_with_keys
from asgi_jwks.asgi.presentation import DPOP_NONCE, send_with_nonce
from asgi_jwks.asgi.public_paths import PublicPaths
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.asgi.route_checks import RouteChecks
from asgi_jwks.asgi.types import ASGIApp, Receive, Scope, Send
from asgi_jwks.asgi.well_known import WellKnown, send_metadata
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.resource_metadata import WELL_KNOWN
from asgi_jwks.errors import (
    MissingToken,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["BearerOptions", "JWTBearerMiddleware", "MiddlewareOptions"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_GUARDED: Final = frozenset({"http", "websocket"})

_OF_PREFLIGHTS: Final = frozenset({b"origin", b"access-control-request-method"})
_LENGTHS: Final = frozenset(map(len, _OF_PREFLIGHTS))


class MiddlewareOptions(BearerOptions, total=False):
    """All options of JWTBearerMiddleware."""

    public_paths: Iterable[str]
    """paths that need no token: `"/health"` exactly, `"/static/*"` by whole segments, and
    `"/admin/*/"` by those with a slash at the end"""
    allow_unauthenticated_preflight: bool
    """let CORS preflights through to the application"""
    health_path: str | None
    """answer readiness at this path, and liveness at `/live` below it, without a token"""
    end_at_expiry: bool
    """end WebSockets and streamed responses when their token expires or is revoked"""


class JWTBearerMiddleware:
    """Lets requests through to `app` that bring a valid access token (RFC 6750).

        app = JWTBearerMiddleware(
            app, issuer="https://example.eu.auth0.com/", audience="https://api.example.com"
        )

    The verified token is put on the scope: `scope["claims"]`, `scope["auth"]` (an AccessToken) and
    `scope["user"]`. Other requests are answered with a challenge: 401, 400 or 403, or with 503
    while the issuer's keys are unavailable.

    Args:
        app: any ASGI 3 application.
        issuers: TrustedIssuer objects, those of `asgi_jwks.providers` among them, instead of the
            options of one issuer.
        public_paths: paths that need no token: "/health" exactly, "/static/*" by segments, and
            "/admin/*/" by those with a slash at the end. A token on them is not looked at.
        allow_unauthenticated_preflight: let CORS preflights through to the application.
        health_path: a path such as "/health" that answers readiness, and liveness at `/live` below
            it, without a token; see `asgi_jwks.health_app`.
        end_at_expiry: close a WebSocket (1008), and end a response without content-length, when its
            token expires, and within 30 s when it would not be accepted any more; the application
            sees a disconnect.
        options: `issuer`, `audience` and the others of one issuer (IssuerOptions); those of
            authentication (AuthenticationOptions) and of authorization (AuthorizationOptions).

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        app: ASGIApp,
        *issuers: Issuer | Sequence[Issuer],
        public_paths: Iterable[str] = (),
        allow_unauthenticated_preflight: bool = False,
        health_path: str | None = None,
        end_at_expiry: bool = False,
        **options: Unpack[BearerOptions],
    ) -> None:
        self.app: Final = require_app(
            app, write="JWTBearerMiddleware(app, issuer=..., audience=...)"
        )
        self.authentication: Final = authentication(
            type(self).__name__, issuers, options, known=MiddlewareOptions.__annotations__, app=app
        )
        self._requirement: Final = self.authentication.authorization.requirement
        self._well_known: Final = WellKnown([(self.authentication, app)]) or None
        self.verifier: Final = self.authentication.verifier
        self._public_paths: Final = PublicPaths(public_paths) or None
        self._allow_preflight: Final = require_flag(
            "allow_unauthenticated_preflight", allow_unauthenticated_preflight
        )
        self._hinted_at_preflight = False
        self._hinted_at_metadata = False
        self._health: Final = (
            None if health_path is None else HealthPath(health_path, self.verifier)
        )
        self._app: Final = (
            ending_at_expiry(app, self.verifier, on_end=self.authentication.connection_ended)
            if require_flag("end_at_expiry", end_at_expiry)
            else app
        )
        # Nothing is looked at in later requests.
        self._served: ASGIApp = self._first
        # Starlette's users bring its requests and responses with them, which are slow to import:
        # whoever constructs a middleware needs them, whoever only names it does not.
        from asgi_jwks.asgi.identity import identify

        self._identify: Final = identify
        self._routes: Final = RouteChecks(
            app,
            self.authentication.authorization.require_enforceable,
            lambda scope: self._public_paths is not None and self._public_paths.match(scope),
        )

    @classmethod
    def configured(
        cls, *issuers: Issuer | Sequence[Issuer], **options: Unpack[MiddlewareOptions]
    ) -> "Callable[[ASGIApp], JWTBearerMiddleware]":
        """The middleware with all options checked now, for frameworks that build it later.

            app.add_middleware(JWTBearerMiddleware.configured(issuer=..., audience=...))

        Starlette builds middleware with the first request, when servers cannot stop any more.

        Raises:
            ConfigurationError: an option is wrong; the message says what to write.
        """
        require_known(options, MiddlewareOptions.__annotations__, owner=cls.__name__)
        # What is built later has the verifier of this one, and so its keys and its cache.
        checked = cls(_no_application, *issuers, **options)
        kept: Any = {name: value for name, value in options.items() if name in _OWN}
        shared: Any = {**shared_options(options), "verifier": checked.verifier}

        def middleware(app: ASGIApp) -> JWTBearerMiddleware:
            return cls(app, **kept, **shared)

        return middleware

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Guard one connection (ASGI 3)."""
        kind = scope["type"]
        if kind not in _GUARDED:
            if kind == "lifespan":
                await run_with_keys(
                    self.app, scope, receive, send, self.authentication, self._routes.require
                )
                return
            # An unknown type of connection is not an open door.
            raise RuntimeError(f"JWTBearerMiddleware does not know connections of type {kind!r}.")
        if self._health is not None and await self._health.answered(scope, send):
            return
        if self._well_known is not None:
            document = self._well_known.body(scope)
            if document is not None:
                await send_metadata(document, scope, send)
                return
        scope[AUTHENTICATION] = self.authentication
        access_token = None
        if self._is_public(scope):
            scope[PUBLIC] = self.authentication
        else:
            try:
                access_token = await self.authentication.authenticate(scope)
                if self._requirement is not None:
                    await self._demand(self._requirement, access_token)
            except (RequestError, TemporarilyUnavailable) as error:
                if WELL_KNOWN in scope["path"] and not self._hinted_at_metadata:
                    self._hint_at_metadata(scope["path"])
                await refuse(self.authentication.refusal(error, scope), scope, send)
                return
        if kind == "websocket":
            self.authentication.conceal_tokens(scope)
        self._identify(scope, access_token)
        if DPOP_NONCE in scope:
            send = send_with_nonce(send, scope[DPOP_NONCE])
        # Outside of any `try`: the application's exceptions are its own.
        await self._served(scope, receive, send)

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application where its routes could be enforced; a start has looked at them."""
        self._routes.require()
        self._served = self._app
        await self._app(scope, receive, send)

    async def _demand(self, requirement: Requirement, access_token: AccessToken | None) -> None:
        authorization = self.authentication.authorization
        if access_token is None:
            raise MissingToken
        await requirement.enforce(
            access_token, scopes_of=authorization.scopes_of, clock=authorization.clock
        )

    def _hint_at_metadata(self, path: str) -> None:
        """Say that a client was refused the document that helps it to a token."""
        self._hinted_at_metadata = True
        _log.warning(
            "refused a client that looked for the metadata of a protected resource at %s: set "
            "resource=... to have them served, or add their path to public_paths where the "
            "application serves them itself",
            quoted(path),
        )

    def _is_public(self, scope: Scope) -> bool:
        return (self._public_paths is not None and self._public_paths.match(scope)) or (
            scope.get("method") == "OPTIONS" and self._lets_preflight(scope)
        )

    def _lets_preflight(self, scope: Scope) -> bool:
        """Whether this OPTIONS request is a CORS preflight that may pass."""
        # Requirement W1: a server lets 8,000 fields through, of which few have such a length.
        names = {name.lower() for name, _ in scope["headers"] if len(name) in _LENGTHS}
        if not names >= _OF_PREFLIGHTS:
            return False
        if not self._allow_preflight and not self._hinted_at_preflight:
            self._hinted_at_preflight = True
            _log.warning(
                "refused a CORS preflight, which never has a token. Add Starlette's CORSMiddleware "
                "after JWTBearerMiddleware, so that it answers first, or set "
                "allow_unauthenticated_preflight=True if the application answers it."
            )
        return self._allow_preflight


_OWN: Final = frozenset(MiddlewareOptions.__annotations__) - frozenset(
    BearerOptions.__annotations__
)


async def _no_application(_scope: Any, _receive: Any, _send: Any) -> None:
    """The application of a middleware that is made only for its options to be checked."""
