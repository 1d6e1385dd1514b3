"""The outcomes of verifications and requests, as events for a listener.

Labels are of closed sets here already: an issuer that is not configured is "_other". It knows no
connection but its kind.
"""

from collections.abc import Coroutine, Iterable
from functools import partial
from inspect import isroutine
from time import perf_counter
from typing import Any, Final, Protocol

from asgi_jwks.errors import Advice, InsufficientScope, RequestError, TemporarilyUnavailable
from asgi_jwks.events.event import Event, Listener, Telling
from asgi_jwks.events.requests import (
    OTHER_ISSUER,
    RefusalEvent,
    RequestAccepted,
    RequestAnonymous,
    RequestLabels,
    RequestRefused,
    RouteRefused,
    RouteUnavailable,
    Unavailable,
)
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.advice import advise_on_request
from asgi_jwks.tokens.grant_advice import advise_on_grant
from asgi_jwks.tokens.outage_advice import advise_on_outage
from asgi_jwks.tokens.report_only import ReportOnly

__all__ = ["NO_CONNECTION", "Fault", "Outcomes", "refusal_event"]

Fault = RequestError | TemporarilyUnavailable

NO_CONNECTION: Final = "none"
"""The kind of connection of a token that came without one."""


class Procedure(Protocol):
    """A procedure that tells tokens that it has verified from those that it remembered."""

    verified_last: AccessToken | None
    """The token that was verified last; None where it was taken away."""


class Outcomes:
    """Tells a listener of the outcomes of verifications.

    Args:
        tell: tells the listener.
        issuers: the names of the configured issuers.
        procedure: verifies the tokens; None where it is not known which ones it remembers.
        report_only: a second policy for accepted tokens.
    """

    def __init__(
        self,
        tell: Telling,
        issuers: Iterable[str],
        procedure: Procedure | None = None,
        report_only: ReportOnly | None = None,
    ) -> None:
        self._tell: Final = tell
        names = tuple(issuers)
        self._listener: Listener = self._call_first
        self._report_only: Final = report_only
        self._procedure: Final = procedure
        # Hot path (metrics, a listener that does nothing): put together here.
        self._labels: Final = {
            scheme: {
                connection: {
                    issuer: RequestLabels(issuer, scheme, connection)
                    for issuer in (*names, OTHER_ISSUER)
                }
                for connection in ("http", "websocket", NO_CONNECTION)
            }
            for scheme in ("bearer", "dpop")
        }

    async def heard(
        self,
        verification: Coroutine[Any, Any, AccessToken],
        token: str | bytes,
        connection: str = NO_CONNECTION,
        scheme: str = "bearer",
    ) -> AccessToken:
        """The result of a verification, of which the listener hears if it is accepted.

        Whatever the verification raises is for whoever answers to tell of.
        """
        header_segment = b"" if self._report_only is None else _header_segment(token)
        # Not while the verification runs the application's checks (requirement H7).
        del token
        began = perf_counter()
        accepted = await verification
        seconds = perf_counter() - began
        procedure = self._procedure
        # Nothing else has run in this event loop since the verification returned.
        is_cached = procedure is not None and procedure.verified_last is not accepted
        if procedure is not None and not is_cached:
            procedure.verified_last = None
        labels = self._labels[scheme][connection]
        event = RequestAccepted(
            labels.get(accepted.issuer) or labels[OTHER_ISSUER],
            is_cached,
            seconds,
            accepted,
        )
        try:
            self._listener(event)
        # Not by `tell`: hot path.
        except Exception:
            self._tell.log_failure(event)
        if self._report_only is not None:
            await self._report_only.judge(
                accepted, header_segment, event.labels, is_cached=event.is_cached
            )
        return accepted

    async def of(self, verification: Coroutine[Any, Any, AccessToken], scheme: str) -> AccessToken:
        """The result of a verification without a connection.

        The listener hears of a refusal too.
        """
        try:
            return await self.heard(verification, b"", scheme=scheme)
        except (RequestError, TemporarilyUnavailable) as error:
            labels = RequestLabels(error.issuer or OTHER_ISSUER, scheme, NO_CONNECTION)
            self._tell(refusal_event(error, labels, is_outcome=True))
            raise

    def _call_first(self, event: Event) -> None:
        """Tell of the first event by `tell`, which looks at the answer of the listener."""
        # Hot path (metrics, a listener that does nothing): bound, and called directly from now on.
        listener: Any = self._tell.listener
        self._listener = listener if isroutine(listener) else listener.__call__
        self._tell(event)

    def anonymous(self, connection: str) -> None:
        """A request without a token was let through."""
        self._tell(RequestAnonymous(RequestLabels(OTHER_ISSUER, "none", connection)))


def _header_segment(token: str | bytes) -> bytes:
    octets = token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token
    return octets.partition(b".")[0]


def refusal_event(
    error: Fault, labels: RequestLabels, *, is_outcome: bool, token: AccessToken | None = None
) -> RefusalEvent:
    """The event of a refusal.

    Args:
        error: why.
        labels: those of the request.
        is_outcome: whether authentication ended with it; otherwise a route refused.
        token: the token that authentication had accepted before.
    """
    if isinstance(error, TemporarilyUnavailable):
        outage = Unavailable if is_outcome else RouteUnavailable
        return outage(
            labels, advise=partial(advise_on_outage, error), retry_after=error.retry_after
        )
    refused = RequestRefused if is_outcome else RouteRefused
    needed = error.scopes if isinstance(error, InsufficientScope) else ()
    return refused(
        labels,
        advise=partial(_advice, error, token),
        reason=error.reason,
        status=error.status,
        needed=needed,
    )


def _advice(error: RequestError, token: AccessToken | None) -> Advice:
    if not isinstance(error, InsufficientScope):
        return error.advice or advise_on_request(error.reason)
    return advise_on_grant(error.scopes, token, error.unmet)
