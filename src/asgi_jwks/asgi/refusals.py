"""The answer to a refused connection, its event, and its line in the log.

It does not know why a connection is refused, nor does it send anything.
"""

import logging
from collections.abc import Callable, Collection
from typing import Final

from asgi_jwks.asgi.authorization import Authorization
from asgi_jwks.asgi.challenge import Challenges, Refusal
from asgi_jwks.asgi.schemes import BEARER, DPOP
from asgi_jwks.asgi.token_sources import uses_dpop
from asgi_jwks.asgi.types import Scope
from asgi_jwks.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    MissingToken,
    RequestError,
    TemporarilyUnavailable,
    copy_of,
)
from asgi_jwks.events.event import Telling, log_coroutine
from asgi_jwks.events.refusal_log import RefusalLog
from asgi_jwks.events.requests import (
    OTHER_ISSUER,
    UNAVAILABLE,
    ConnectionEnded,
    RequestLabels,
    WouldBeRefused,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.outcomes import NO_CONNECTION, Fault, refusal_event

__all__ = ["OnRefused", "Refusals", "for_this_request"]

_log: Final = logging.getLogger("asgi_jwks.requests")

_BAD_REQUEST: Final = 400

OnRefused = Callable[[RequestError | TemporarilyUnavailable, Scope], object]
"""`on_refused(error, scope)`: hears of each refused request, for metrics."""


class Refusals:
    """Answers refused connections, and tells whoever listens.

    Args:
        challenges: words the answers.
        authorization: names the scopes that a route declares.
        configured: the names of the trusted issuers; all others share one label.
        sees_proofs: requests may use the scheme DPoP.
        tell: tells the listener of events; None without one.
        on_refused: hears of each error.
    """

    def __init__(
        self,
        challenges: Challenges,
        authorization: Authorization,
        *,
        configured: Collection[str],
        sees_proofs: bool,
        tell: Telling | None,
        on_refused: OnRefused | None,
    ) -> None:
        self._challenges: Final = challenges
        self._authorization: Final = authorization
        self._configured: Final = configured
        self._sees_proofs: Final = sees_proofs
        self._tell: Final = tell
        self._on_refused: Final = on_refused
        self._refusal_log: Final = RefusalLog()
        self._told_of_coroutine = False

    def answer(self, error: Fault, scope: Scope, outer: "Refusals") -> Refusal:
        """The answer to a refused connection, of which listeners and the log have heard.

        Where this one has no listener, `outer` has: that of the middleware around, or itself.
        """
        if isinstance(error, RequestError):
            error = self._of_this_request(error, scope)
        try:
            self._tell_of(error, scope, outer)
        # Key sources and kind rules may be the application's own; a log makes no 500.
        except Exception:
            _log.exception("a refusal could not be logged")
        on_refused = self._on_refused or outer._on_refused
        if on_refused is not None:
            try:
                heard = on_refused(error, scope)
                if heard is not None and not self._told_of_coroutine:
                    self._told_of_coroutine = log_coroutine(_log, "on_refused", on_refused, heard)
            # Metrics must not turn a refusal into a 500.
            except Exception:
                _log.exception("on_refused failed")
        metadata_url = self._authorization.metadata_url(scope)
        return self._challenges.refusal(error, resource_metadata=metadata_url)

    def report(self, event: WouldBeRefused) -> None:
        """Tell of a token that a stricter policy would refuse; nobody is refused."""
        try:
            self._refusal_log(event)
        # As of a refusal.
        except Exception:
            _log.exception("a report could not be logged")
        if self._tell is not None:
            self._tell(event)

    def connection_ended(self, scope: Scope, token: AccessToken, cause: str) -> None:
        """Tell of an open connection that was ended with its token."""
        label = token.issuer if token.issuer in self._configured else OTHER_ISSUER
        self._refusal_log.tell_of_end(label, cause, scope["type"])
        if self._tell is not None:
            scheme = "dpop" if self._sees_proofs and uses_dpop(scope) else "bearer"
            self._tell(ConnectionEnded(RequestLabels(label, scheme, scope["type"]), cause))

    def _of_this_request(self, error: RequestError, scope: Scope) -> RequestError:
        """The error with the scheme of the request, and all scopes that it needs.

        A copy where it differs: an application may raise the same one for every request.
        """
        # A refused proof says itself by which scheme it came (benchmark `proofs`).
        is_dpop = error.scheme == DPOP or (self._sees_proofs and uses_dpop(scope))
        scheme = DPOP if is_dpop else BEARER
        scopes = error.scopes
        if error.status != _BAD_REQUEST:
            declared = self._authorization.named_scopes(scope)
            if declared or scopes:
                scopes = tuple(dict.fromkeys((*declared, *scopes)))
        if (scheme, scopes) == (error.scheme, error.scopes):
            return error
        return for_this_request(error, scheme=scheme, scopes=scopes)

    def _tell_of(self, error: Fault, scope: Scope, outer: "Refusals") -> None:
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


def for_this_request(error: RequestError, *, scheme: str, scopes: tuple[str, ...]) -> RequestError:
    """A copy of an error, for one request.

    An application may raise the same one for every request.

    Args:
        error: why it is refused.
        scheme: the scheme that it uses.
        scopes: those that it needs.
    """
    told = copy_of(error)
    told.scheme, told.scopes = scheme, scopes
    return told
