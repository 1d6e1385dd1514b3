"""From a connection to an access token: the decision, without any answer.

The middleware and FastAPI's dependency share it. It knows neither paths nor applications.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from asgi_jwks._options import require_flag
from asgi_jwks.access_token_verifier import AccessTokenVerifier
from asgi_jwks.asgi.authentication_options import (
    DEFAULT_TOKEN_SOURCES,
    checked_token_sources,
    require_verifier,
    second_policy,
    telling,
    verification_by,
)
from asgi_jwks.asgi.authorization import DEFAULT_AUTHORIZATION, Authorization
from asgi_jwks.asgi.challenge import Challenges, Refusal
from asgi_jwks.asgi.presentation import DPOP_NONCE, presentation_of
from asgi_jwks.asgi.refusal_content import ErrorBody
from asgi_jwks.asgi.refusals import OnRefused, Refusals
from asgi_jwks.asgi.resource_checks import require_checked_audiences
from asgi_jwks.asgi.schemes import schemes_of
from asgi_jwks.asgi.token_sources import TokenSource, find_token, is_token68
from asgi_jwks.asgi.types import Scope
from asgi_jwks.authorization.resource_url import require_metadata_url
from asgi_jwks.errors import (
    InvalidRequest,
    InvalidToken,
    MissingToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.events.event import Event, Listener, Telling, require_listener
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.outcomes import Outcomes

__all__ = ["AROUND", "AUTHENTICATION", "PUBLIC", "Authentication"]

_log: Final = logging.getLogger("asgi_jwks.requests")

AUTHENTICATION: Final = "asgi_jwks.authentication"
"""The scope key of the Authentication of a guarded connection."""

AROUND: Final = "asgi_jwks.authentication_around"
"""The scope key of the middleware's Authentication, where a dependency has one of its own."""

PUBLIC: Final = "asgi_jwks.public"
"""The scope key of the Authentication that has read no token of a public connection."""

# For these reasons a token may be refused whose form nobody has looked at to its end.
_BEFORE_IT_IS_READ_WHOLE: Final = frozenset(
    {
        Reason.MALFORMED,
        Reason.ALGORITHM_NOT_ALLOWED,
        Reason.UNSUPPORTED_HEADER,
        Reason.WRONG_TYPE,
        Reason.UNKNOWN_KEY,
        Reason.AMBIGUOUS_KEY,
        Reason.BAD_SIGNATURE,
    }
)


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
        require_verifier(verifier)
        if on_refused is not None:
            require_listener("on_refused", on_refused, form="on_refused(error, scope)")
        issuers = getattr(verifier, "issuers", ())
        if resource_metadata is not None:
            require_metadata_url(resource_metadata)
            require_checked_audiences(issuers, option="resource_metadata")
        self.verifier: Final = verifier
        self.authorization: Final = authorization
        # With a resolver it is not known before which issuers bind their tokens.
        self._sees_proofs: Final = getattr(verifier, "sees_proofs", False)
        self.token_sources: Final = checked_token_sources(
            token_sources, reads_dpop=self._sees_proofs
        )
        self.require_keys_at_startup: Final = require_flag(
            "require_keys_at_startup", require_keys_at_startup
        )
        self._allow_anonymous: Final = require_flag("allow_anonymous", allow_anonymous)
        configured = frozenset(issuer.rules.issuer for issuer in issuers)
        tell = telling(listener, verifier)
        self._refusals: Final = Refusals(
            Challenges(
                realm=realm,
                resource_metadata=resource_metadata,
                error_body=error_body,
                schemes=schemes_of(issuers),
            ),
            authorization,
            configured=configured,
            sees_proofs=self._sees_proofs,
            tell=tell,
            on_refused=on_refused,
        )
        self._verify: Final = verification_by(verifier)
        policy = second_policy(report_only, verifier, configured, self._refusals.report)
        self._outcomes: Final = (
            None
            if tell is None and policy is None
            else Outcomes(
                tell or Telling(_nobody, _log),
                configured,
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
                    verification = self._verify(token)
                else:
                    verification = self._outcomes.heard(self._verify(token), token, scope["type"])
                # No frame that runs the application's code has the token (requirement H7).
                del token
                return await verification
        except (RequestError, TemporarilyUnavailable) as error:
            refusal = self._as_request_fault(error, scope)
            refusal.is_outcome = True
            # Error collectors record the locals of frames, and those of the verification have it;
            # those of an error that it came about by have the signature.
            error.__traceback__ = error.__context__ = None
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
            verification = self._verify(token, proof=presentation)
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
        around = scope.get(AROUND)
        outer = around if isinstance(around, Authentication) else self
        return self._refusals.answer(error, scope, outer._refusals)

    def connection_ended(self, scope: Scope, token: AccessToken, cause: str) -> None:
        """Tell the listener of an open connection that was ended with its token."""
        self._refusals.connection_ended(scope, token, cause)

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


def _nobody(_event: Event) -> None:
    """Hears of requests where nobody else does."""
