"""`JWTBearerMiddleware`: the guard in front of an ASGI application.

What lives only here: which connections are guarded, and what happens around the application. It
decides nothing itself: tokens are found by `bearer`, judged by the verifier, and answered by
`challenge`.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from functools import partial
from typing import Any, Final

from asgi_jwks.asgi.challenge import CHALLENGES, Challenges, Refusal
from asgi_jwks.asgi.lifespan import run_with_keys
from asgi_jwks.asgi.public_paths import PublicPaths
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.asgi.token_sources import AuthorizationHeader, TokenSource, find_token, is_token68
from asgi_jwks.errors import (
    ConfigurationError,
    InvalidRequest,
    InvalidToken,
    KeySetError,
    MissingToken,
    Reason,
    RequestError,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.claim_rules import Profile
from asgi_jwks.tokens.issuers import Check, KeySource
from asgi_jwks.tokens.verifier import AccessTokenVerifier
from asgi_jwks.trusted_issuer import HTTPClient, TrustedIssuer

__all__ = ["JWTBearerMiddleware"]

_log: Final = logging.getLogger("asgi_jwks.requests")

# For these reasons a token may be refused whose form nobody has looked at to its end.
_BEFORE_THE_TOKEN_IS_READ_WHOLE: Final = frozenset(
    {
        Reason.MALFORMED,
        Reason.ALGORITHM_NOT_ALLOWED,
        Reason.UNSUPPORTED_HEADER,
        Reason.WRONG_TYPE,
        Reason.UNKNOWN_KEY,
        Reason.AMBIGUOUS_KEY,
    }
)

_GUARDED: Final = frozenset({"http", "websocket"})
_KNOWN_AT_ONCE: Final = (AccessToken, Reason)

Scope = MutableMapping[str, Any]
# Each framework types the three arguments of ASGI in its own way, and they do not agree.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


class JWTBearerMiddleware:
    """Lets requests through to `app` that bring a valid access token (RFC 6750).

    The verified token is put on the scope: `scope["claims"]`, `scope["auth"]` (an AccessToken) and
    `scope["user"]`. Other requests are answered with a challenge: 401, 400 or 403, or with 503
    while the issuer's keys cannot be had.

    Args:
        app: any ASGI 3 application.
        issuer: see TrustedIssuer, as for all options down to `allow_insecure_http`.
        verifier: an AccessTokenVerifier instead of these options, for several issuers and all else.
        realm: the realm of the challenges.
        resource_metadata: the URL of this server's metadata (RFC 9728), for the challenges.
        public_paths: paths that need no token: "/health" exactly, "/static/*" by segments. A token
            on them is not looked at.
        token_sources: where tokens are looked for; the Authorization field unless given.
        allow_anonymous: let requests without a token through as nobody. One with an invalid token
            is refused all the same.
        allow_unauthenticated_preflight: let CORS preflights through to the application.
        require_keys_at_startup: fail the server's start if the keys cannot be had.
        on_refused: is called with the error and the scope of each refused request, for metrics.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        issuer: str | None = None,
        audience: str | Iterable[str] | None = None,
        jwks_uri: str | None = None,
        keys: KeySource | None = None,
        algorithms: Iterable[str] | None = None,
        leeway: float = 5.0,
        profile: Profile = "default",
        audience_claim: str = "aud",
        required_claims: Iterable[str] = (),
        checks: Sequence[Check] = (),
        gateway_proves_binding: bool = False,
        http_client: HTTPClient | None = None,
        allow_insecure_http: bool = False,
        verifier: AccessTokenVerifier | None = None,
        realm: str = "api",
        resource_metadata: str | None = None,
        public_paths: Iterable[str] = (),
        token_sources: Sequence[TokenSource] = (AuthorizationHeader(),),
        allow_anonymous: bool = False,
        allow_unauthenticated_preflight: bool = False,
        require_keys_at_startup: bool = False,
        on_refused: Callable[[RequestError | KeySetError, Scope], None] | None = None,
    ) -> None:
        if (issuer is None) == (verifier is None):
            raise ConfigurationError(
                'Write JWTBearerMiddleware(app, issuer="https://example.eu.auth0.com/", '
                'audience="https://api.example.com"), or JWTBearerMiddleware(app, verifier=...).'
            )
        if not token_sources:
            raise ConfigurationError("token_sources must name at least one source.")
        if verifier is None:
            verifier = AccessTokenVerifier(
                [
                    TrustedIssuer(
                        issuer=issuer or "",
                        audience=audience or (),
                        jwks_uri=jwks_uri,
                        keys=keys,
                        algorithms=algorithms,
                        leeway=leeway,
                        profile=profile,
                        audience_claim=audience_claim,
                        required_claims=required_claims,
                        checks=checks,
                        gateway_proves_binding=gateway_proves_binding,
                        http_client=http_client,
                        allow_insecure_http=allow_insecure_http,
                    )
                ]
            )
        elif (
            any(value is not None for value in (audience, jwks_uri, keys, algorithms, http_client))
            or (leeway, profile, audience_claim) != (5.0, "default", "aud")
            or any((required_claims, checks, gateway_proves_binding, allow_insecure_http))
        ):
            # A check or a profile that is silently not applied would be an open door.
            raise ConfigurationError(
                "With verifier=..., the issuers' options belong to its TrustedIssuer objects."
            )
        # Starlette's users bring its requests and responses with them, a tenth of a second to
        # import: whoever constructs a middleware needs them, whoever only names it does not.
        from asgi_jwks.asgi.identity import identify, identify_nobody

        self._identify: Final = identify
        self._identify_nobody: Final = identify_nobody
        self.app: Final = app
        self.verifier: Final = verifier
        # A subclass, or a test's stand-in, that verifies in a way of its own is asked in that way.
        self._verdict: Final = (
            verifier.verdict
            if getattr(verifier.verify, "__func__", None) is AccessTokenVerifier.verify
            else verifier.verify
        )
        self._challenges: Final = Challenges(realm=realm, resource_metadata=resource_metadata)
        self._plain_refusals: Final = {
            error.reason: self._challenges.refusal(error)
            for error in (
                MissingToken(),
                InvalidToken(Reason.EXPIRED),
                InvalidToken(Reason.NOT_YET_VALID),
            )
        }
        self._public_paths: Final = PublicPaths(public_paths) or None
        # One source, as nearly always, is asked without a loop over sources.
        self._find_token: Final = (
            token_sources[0].find
            if len(token_sources) == 1
            else partial(find_token, tuple(token_sources))
        )
        self._allow_anonymous: Final = allow_anonymous
        self._allow_preflight: Final = allow_unauthenticated_preflight
        self._require_keys_at_startup: Final = require_keys_at_startup
        self._on_refused: Final = on_refused
        self._hinted_at_preflight = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Guard one connection (ASGI 3)."""
        kind = scope["type"]
        if kind not in _GUARDED:
            if kind == "lifespan":
                await run_with_keys(
                    self.app,
                    scope,
                    receive,
                    send,
                    verifier=self.verifier,
                    require_keys=self._require_keys_at_startup,
                )
                return
            # An unknown type of connection is not an open door.
            raise RuntimeError(f"JWTBearerMiddleware does not know connections of type {kind!r}.")
        scope[CHALLENGES] = self._challenges
        if (self._public_paths is not None and self._public_paths.match(scope)) or (
            scope.get("method") == "OPTIONS" and self._lets_preflight(scope)
        ):
            self._identify_nobody(scope)
        else:
            token = None
            try:
                token = self._find_token(scope)
                verdict = Reason.MISSING_TOKEN if token is None else self._verdict(token)
                if not isinstance(verdict, _KNOWN_AT_ONCE):
                    verdict = await verdict
            except (RequestError, KeySetError) as error:
                await refuse(self._refusal(error, token, scope), scope, send)
                return
            if isinstance(verdict, AccessToken):
                self._identify(scope, verdict)
            elif token is None and self._allow_anonymous:
                self._identify_nobody(scope)
            else:
                await refuse(self._plain_refusal(verdict, scope), scope, send)
                return
        # Outside of any `try`: the application's exceptions are its own.
        await self.app(scope, receive, send)

    def _plain_refusal(self, reason: Reason, scope: Scope) -> Refusal:
        """The answer to a request without a token, or with one that was valid once.

        Every client comes back with a token that has expired. The error is made only if somebody
        looks at it; it would be a fifth of such a request's time.
        """
        if self._on_refused is None and not _log.isEnabledFor(logging.DEBUG):
            return self._plain_refusals[reason]
        error = MissingToken() if reason is Reason.MISSING_TOKEN else InvalidToken(reason)
        return self._refusal(error, None, scope)

    def _refusal(
        self, error: RequestError | KeySetError, token: bytes | None, scope: Scope
    ) -> Refusal:
        if isinstance(error, KeySetError):
            refusal = self._challenges.unavailable(error)
        else:
            if error.reason in _BEFORE_THE_TOKEN_IS_READ_WHOLE and isinstance(error, InvalidToken):
                error = self._as_request_fault(error, token or b"")
            refusal = self._challenges.refusal(error)
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("refused: %s", error)
        if self._on_refused is not None:
            try:
                self._on_refused(error, scope)
            # Metrics must not turn a refusal into a 500.
            except Exception:
                _log.exception("on_refused failed")
        return refusal

    def _as_request_fault(self, error: InvalidToken, token: bytes) -> RequestError:
        """Malformed credentials are the request's fault, malformed tokens the token's.

        Looked at last: the form of credentials takes as long to check as everything else about a
        token seen before, and what is no token68 is never accepted as a token either.
        """
        if len(token) > self.verifier.max_token_bytes:
            return InvalidRequest(Reason.TOKEN_TOO_LARGE)
        return error if is_token68(token) else InvalidRequest(Reason.INVALID_CREDENTIALS)

    def _lets_preflight(self, scope: Scope) -> bool:
        """Whether this OPTIONS request is a CORS preflight that may pass."""
        names = {name.lower() for name, _ in scope["headers"]}
        if not {b"origin", b"access-control-request-method"} <= names:
            return False
        if not self._allow_preflight and not self._hinted_at_preflight:
            self._hinted_at_preflight = True
            _log.warning(
                "refused a CORS preflight, which never has a token. Add Starlette's CORSMiddleware "
                "after JWTBearerMiddleware, so that it answers first, or set "
                "allow_unauthenticated_preflight=True if the application answers it."
            )
        return self._allow_preflight
