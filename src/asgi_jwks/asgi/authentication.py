"""From a connection to an access token: the decision, without any answer.

The middleware and FastAPI's dependency share it. It knows neither paths nor applications.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypedDict

from asgi_jwks._options import require_flag
from asgi_jwks.access_token_verifier import AccessTokenVerifier, trusted_issuers
from asgi_jwks.asgi.authorization import DEFAULT_AUTHORIZATION, Authorization
from asgi_jwks.asgi.challenge import Challenges, ErrorBody, Refusal
from asgi_jwks.asgi.presentation import DPOP_NONCE, presentation_of
from asgi_jwks.asgi.schemes import BEARER, DPOP, schemes_of
from asgi_jwks.asgi.token_sources import (
    AuthorizationHeader,
    BearerOrDPoPHeader,
    TokenSource,
    find_token,
    is_token68,
    uses_dpop,
)
from asgi_jwks.asgi.types import Scope
from asgi_jwks.errors import (
    ConfigurationError,
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidRequest,
    InvalidToken,
    MissingToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.events.event import Event, Listener, Telling, require_listener
from asgi_jwks.events.refusal_log import RefusalLog
from asgi_jwks.events.requests import (
    OTHER_ISSUER,
    UNAVAILABLE,
    ConnectionEnded,
    RequestLabels,
    WouldBeRefused,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.outcomes import NO_CONNECTION, Fault, Outcomes, refusal_event
from asgi_jwks.tokens.report_only import ReportOnly

__all__ = ["AROUND", "AUTHENTICATION", "Authentication", "AuthenticationOptions", "OnRefused"]

_log: Final = logging.getLogger("asgi_jwks.requests")

AUTHENTICATION: Final = "asgi_jwks.authentication"
"""The scope key of the Authentication of a guarded connection."""

AROUND: Final = "asgi_jwks.authentication_around"
"""The scope key of the middleware's Authentication, where a dependency has one of its own."""

_BAD_REQUEST: Final = 400

DEFAULT_TOKEN_SOURCES: Final[Sequence[TokenSource]] = (AuthorizationHeader(),)

OnRefused = Callable[[RequestError | TemporarilyUnavailable, Scope], object]
"""`on_refused(error, scope)`: hears of each refused request, for metrics."""

# For these reasons a token may be refused whose form nobody has looked at to its end.
_BEFORE_IT_IS_READ_WHOLE: Final = frozenset(
    {
        Reason.MALFORMED,
        Reason.ALGORITHM_NOT_ALLOWED,
        Reason.UNSUPPORTED_HEADER,
        Reason.WRONG_TYPE,
        Reason.UNKNOWN_KEY,
        Reason.AMBIGUOUS_KEY,
        Reason.KEY_TOO_SMALL,
        Reason.BAD_SIGNATURE,
    }
)


class AuthenticationOptions(TypedDict, total=False):
    """The options that the middleware and FastAPI's dependency have in common."""

    verifier: AccessTokenVerifier | None
    """an AccessTokenVerifier instead of issuers, for a resolver and all else"""
    realm: str
    """the realm of the challenges"""
    resource_metadata: str | None
    """the URL of this server's metadata (RFC 9728), for the challenges"""
    token_sources: Sequence[TokenSource] | TokenSource
    """where tokens are looked for: the `Authorization` field; `Cookie(name)` and others"""
    allow_anonymous: bool
    """let requests without a token through as nobody; one with an invalid token is refused"""
    require_keys_at_startup: bool
    """fail the server's start if the keys are unavailable"""
    listener: Listener | None
    """a plain function, called with each event of `asgi_jwks.events`: requests and key sets"""
    report_only: Sequence[Issuer] | Issuer
    """stricter TrustedIssuer objects that are judged beside the live ones and refuse nothing"""
    on_refused: OnRefused | None
    """a plain function, called with the error and the scope of each refused request"""
    error_body: ErrorBody | None
    """words the bodies of refusals: `error_body(content)` is a JSON object; see RefusalContent"""


class Authentication:
    """Decides who a connection is from.

    Args:
        verifier: judges tokens.
        authorization: what is declared beyond who may connect.
        realm, resource_metadata, token_sources, allow_anonymous, require_keys_at_startup,
            listener, report_only, on_refused, error_body: see AuthenticationOptions.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        verifier: AccessTokenVerifier,
        *,
        authorization: Authorization = DEFAULT_AUTHORIZATION,
        realm: str = "api",
        resource_metadata: str | None = None,
        token_sources: Sequence[TokenSource] | TokenSource = DEFAULT_TOKEN_SOURCES,
        allow_anonymous: bool = False,
        require_keys_at_startup: bool = False,
        listener: Listener | None = None,
        report_only: Sequence[Issuer] | Issuer = (),
        on_refused: OnRefused | None = None,
        error_body: ErrorBody | None = None,
    ) -> None:
        if isinstance(verifier, type) or not all(
            callable(getattr(verifier, method, None)) for method in ("verify", "running")
        ):
            raise ConfigurationError(
                f"verifier must be an AccessTokenVerifier; got {verifier!r}. Write for example "
                "verifier=AccessTokenVerifier(issuer=..., audience=...)."
            )
        if on_refused is not None:
            require_listener("on_refused", on_refused, form="on_refused(error, scope)")
        if resource_metadata is not None:
            _require_audiences(verifier)
        self.verifier: Final = verifier
        self.authorization: Final = authorization
        self._schemes: Final = schemes_of(getattr(verifier, "issuers", ()))
        # With a resolver it is not known before which issuers bind their tokens.
        self._sees_proofs: Final = getattr(verifier, "sees_proofs", False)
        self.token_sources: Final = _token_sources(token_sources, reads_dpop=self._sees_proofs)
        self.require_keys_at_startup: Final = require_flag(
            "require_keys_at_startup", require_keys_at_startup
        )
        self._allow_anonymous: Final = require_flag("allow_anonymous", allow_anonymous)
        self._challenges: Final = Challenges(
            realm=realm,
            resource_metadata=resource_metadata,
            error_body=error_body,
            schemes=self._schemes,
        )
        self._on_refused: Final = on_refused
        self._refusal_log: Final = RefusalLog()
        self._configured: Final = frozenset(
            issuer.rules.issuer for issuer in getattr(verifier, "issuers", ())
        )
        # The verifier tells its own listener of tokens that come without a connection.
        self._verify: Final = getattr(verifier, "verify_untold", verifier.verify)
        self._tell: Final = _telling(listener, verifier)
        policy = self._second_policy(report_only)
        self._outcomes: Final = (
            None
            if self._tell is None and policy is None
            else Outcomes(
                self._tell or Telling(_nobody, _log),
                self._configured,
                getattr(verifier, "procedure", None),
                policy,
            )
        )
        self.error_body: Final = error_body
        # Hot path: one source, as nearly always, is asked without a loop over sources.
        self._find_token: Final = (
            self.token_sources[0].find
            if len(self.token_sources) == 1
            else partial(find_token, self.token_sources)
        )

    async def authenticate(self, scope: Scope) -> AccessToken | None:
        """The verified access token of a connection; None for an anonymous one that is allowed.

        Raises:
            RequestError: the connection is refused, for the client's fault.
            TemporarilyUnavailable: it cannot be judged at the moment.
        """
        try:
            token = self._find_token(scope)
            if token is not None:
                if self._sees_proofs:
                    verification = self._proven(token, scope)
                elif self._outcomes is None:
                    verification = self.verifier.verify(token)
                else:
                    verification = self._outcomes.heard(self._verify(token), token, scope["type"])
                # No frame that runs the application's code has the token (requirement H7).
                del token
                return await verification
        except (RequestError, TemporarilyUnavailable) as error:
            refusal = self._as_request_fault(error, scope)
            refusal.is_outcome = True
            # Error collectors record the locals of frames, and those of the verification have it.
            error.__traceback__ = None
            raise refusal from error.__cause__
        if not self._allow_anonymous:
            # Raised once: a request without a token costs little more than its exception.
            missing = MissingToken()
            missing.is_outcome = True
            raise missing
        if self._outcomes is not None:
            self._outcomes.anonymous(scope["type"])
        return None

    async def _proven(self, token: bytes, scope: Scope) -> AccessToken:
        """Verify a token with the parts of the request that prove whose it is."""
        presentation = presentation_of(scope)
        if self._outcomes is None:
            verification = self.verifier.verify(token, proof=presentation)
        else:
            scheme = "dpop" if presentation.uses_dpop else "bearer"
            verification = self._outcomes.heard(
                self._verify(token, proof=presentation), token, scope["type"], scheme
            )
        del token
        access_token = await verification
        if presentation.new_nonce is not None:
            scope[DPOP_NONCE] = presentation.new_nonce
        return access_token

    def token(self, scope: Scope) -> bytes | None:
        """The credential of a connection, if it has one; nothing is said of its form.

        Raises:
            InvalidRequest: it has more than one.
        """
        return self._find_token(scope)

    def refusal(self, error: RequestError | TemporarilyUnavailable, scope: Scope) -> Refusal:
        """The answer to a refused connection; whoever listens for refusals hears of it.

        Where this one has no listener, that of the middleware around it does.
        """
        if isinstance(error, RequestError):
            error = self._of_this_request(error, scope)
        around = scope.get(AROUND)
        outer = around if isinstance(around, Authentication) else self
        try:
            self._tell_of(error, scope, outer)
        # Key sources and kind rules may be the application's own; a log makes no 500.
        except Exception:
            _log.exception("a refusal could not be logged")
        on_refused = self._on_refused or outer._on_refused
        if on_refused is not None:
            try:
                on_refused(error, scope)
            # Metrics must not turn a refusal into a 500.
            except Exception:
                _log.exception("on_refused failed")
        metadata_url = self.authorization.metadata_url(scope)
        return self._challenges.refusal(error, resource_metadata=metadata_url)

    def connection_ended(self, scope: Scope, token: AccessToken, cause: str) -> None:
        """Tell the listener of an open connection that was ended with its token."""
        if self._tell is not None:
            label = token.issuer if token.issuer in self._configured else OTHER_ISSUER
            scheme = "dpop" if self._sees_proofs and uses_dpop(scope) else "bearer"
            self._tell(ConnectionEnded(RequestLabels(label, scheme, scope["type"]), cause))

    def _of_this_request(self, error: RequestError, scope: Scope) -> RequestError:
        """The error with the scheme of the request, and all scopes that it needs.

        A copy where it differs: an application may raise the same one for every request.
        """
        scheme = DPOP if self._sees_proofs and uses_dpop(scope) else BEARER
        scopes = error.scopes
        if error.status != _BAD_REQUEST:
            declared = self.authorization.named_scopes(scope)
            scopes = tuple(dict.fromkeys((*declared, *scopes)))
        if (scheme, scopes) == (error.scheme, error.scopes):
            return error
        # Not by `copy`, which calls the constructor: a subclass may have another one.
        told = type(error).__new__(type(error), *error.args)
        vars(told).update(vars(error))
        told.scheme, told.scopes = scheme, scopes
        return told

    def _tell_of(self, error: Fault, scope: Scope, outer: "Authentication") -> None:
        """Log a refusal and tell the listener of it; nothing is made that nobody hears."""
        cause = UNAVAILABLE if isinstance(error, TemporarilyUnavailable) else error.reason
        if _log.isEnabledFor(logging.DEBUG):
            extra = {"reason": str(cause), "is_outcome": error.is_outcome}
            _log.debug("refused: %s", error, extra=extra)
        token, issuer = None, error.issuer
        lacks = isinstance(error, InsufficientScope | InsufficientUserAuthentication)
        if lacks and isinstance(scope.get("auth"), AccessToken):
            token = scope["auth"]
            issuer = token.issuer if token.issuer in self._configured else None
        label = issuer or OTHER_ISSUER
        tell = self._tell or outer._tell
        # One log for both, so that a cause has one line.
        stands_for = outer._refusal_log.count(label, cause)
        if not stands_for and tell is None:
            return
        scheme = "none"
        if not isinstance(error, MissingToken):
            scheme = "dpop" if self._sees_proofs and uses_dpop(scope) else "bearer"
        labels = RequestLabels(label, scheme, scope.get("type", NO_CONNECTION))
        # Each listener hears of one outcome: around a dependency it heard of the middleware's.
        is_outcome = error.is_outcome and (outer is self or self._tell is not None)
        event = refusal_event(error, labels, is_outcome=is_outcome, token=token)
        if tell is not None:
            tell(event)
        # Last, since advice asks kind rules and key sources, which may raise.
        if stands_for:
            outer._refusal_log.tell(event, stands_for)

    def _second_policy(self, issuers: Sequence[Issuer] | Issuer) -> ReportOnly | None:
        try:
            policies = trusted_issuers((issuers,), {})
        except ConfigurationError as error:
            raise ConfigurationError(f"report_only: {error}") from None
        names = [issuer.rules.issuer for issuer in policies]
        for name in names:
            if names.count(name) > 1 or (self._configured and name not in self._configured):
                raise ConfigurationError(
                    f"report_only must have one TrustedIssuer at most for each trusted issuer, of "
                    f"the same name; {name!r} is not one, or is there twice."
                )
        live = [(issuer.rules, *issuer.checks) for issuer in getattr(self.verifier, "issuers", ())]
        for policy in policies:
            if (policy.rules, *policy.checks) in live:
                raise ConfigurationError(
                    f"report_only has the same rules for {policy.rules.issuer!r} as the live "
                    "policy, so that it would tell nothing. Write the rule to be tried, for "
                    'example TrustedIssuer(..., profile="rfc9068").'
                )
        clock = getattr(self.verifier, "clock", time.time)
        return ReportOnly(policies, self._report, clock) if policies else None

    def _report(self, event: WouldBeRefused) -> None:
        try:
            self._refusal_log(event)
        # As of a refusal.
        except Exception:
            _log.exception("a report could not be logged")
        if self._tell is not None:
            self._tell(event)

    def conceal_tokens(self, scope: Scope) -> None:
        """Take tokens out of the subprotocols of a WebSocket, which the application could echo."""
        for source in self.token_sources:
            conceal = getattr(source, "conceal", None)
            if conceal is not None:
                conceal(scope)

    def _as_request_fault(
        self, error: RequestError | TemporarilyUnavailable, scope: Scope
    ) -> RequestError | TemporarilyUnavailable:
        """The fault of the request where its credentials are malformed, else the error itself.

        Judged last: credentials that are not a token68 are never accepted as a token either.
        """
        if not isinstance(error, InvalidToken) or error.reason not in _BEFORE_IT_IS_READ_WHOLE:
            return error
        token: Any = self._find_token(scope)
        if token is None:
            return error
        if isinstance(token, str):
            # As the verifier takes it from an application's own source.
            token = token.encode("utf-8", "surrogatepass")
        if len(token) > getattr(self.verifier, "max_token_bytes", len(token)):
            return InvalidRequest(Reason.TOKEN_TOO_LARGE)
        return error if is_token68(token) else InvalidRequest(Reason.INVALID_CREDENTIALS)


def _telling(listener: Listener | None, verifier: AccessTokenVerifier) -> Telling | None:
    """Tells the listener that was given here, or to the verifier; None without one."""
    of_verifier: Listener | None = getattr(verifier, "listener", None)
    if listener is None:
        return None if of_verifier is None else Telling(of_verifier, _log)
    require_listener("listener", listener)
    if of_verifier is not None and of_verifier != listener:
        raise ConfigurationError(
            "The verifier has a listener, which hears of requests as well. Give it once."
        )
    add_listener = getattr(verifier, "add_listener", None)
    if add_listener is not None:
        add_listener(listener)
    return Telling(listener, _log)


def _nobody(_event: Event) -> None:
    """Hears of requests where nobody else does."""


def _require_audiences(verifier: AccessTokenVerifier) -> None:
    for issuer in getattr(verifier, "issuers", ()):
        if issuer.rules.audiences is None:
            raise ConfigurationError(
                f"resource_metadata tells clients which audience to ask {issuer.rules.issuer} for, "
                "and insecure_no_audience=True has none checked. Leave one of them out."
            )


def _token_sources(sources: object, *, reads_dpop: bool) -> tuple[TokenSource, ...]:
    given = tuple(sources) if isinstance(sources, list | tuple) else (sources,)
    found = tuple(
        source
        for source in given
        if callable(getattr(source, "find", None))
        and not isinstance(source, str | bytes | type)
        # A key set has a `find` too.
        and not hasattr(source, "at_hand")
    )
    if not found or len(found) != len(given):
        raise ConfigurationError(
            "token_sources must be token sources, such as [AuthorizationHeader(), "
            f'Cookie("access_token")]; got {sources!r}.'
        )
    if reads_dpop:
        return tuple(
            BearerOrDPoPHeader() if isinstance(source, AuthorizationHeader) else source
            for source in found
        )
    return found
