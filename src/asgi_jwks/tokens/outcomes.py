"""The outcomes of verifications and requests, as events for a listener.

Labels are of closed sets here already: an issuer that is not configured is "_other". It knows no
connection but its kind.
"""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from itertools import count
from time import perf_counter
from typing import Any, Final

from asgi_jwks.errors import Advice, InsufficientScope, RequestError, TemporarilyUnavailable
from asgi_jwks.events.event import Listener
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
from asgi_jwks.tokens.advice import advise_on_grant, advise_on_outage, advise_on_request

__all__ = ["NO_CONNECTION", "Fault", "Outcomes", "refusal_event"]

Fault = RequestError | TemporarilyUnavailable

NO_CONNECTION: Final = "none"
"""The kind of connection of a token that came without one."""


class Outcomes:
    """Tells a listener of the outcomes of verifications.

    Args:
        listener: is called with each event, and does not raise.
        issuers: the names of the configured issuers.
        verified: the count of the tokens that were verified and not just remembered; None where
            that is not known.
    """

    def __init__(
        self, listener: Listener, issuers: Iterable[str], verified: Callable[[], int] | None
    ) -> None:
        self._listener: Final = listener
        self._verified: Final = verified or count().__next__
        # Hot path: put together here.
        self._labels: Final = {
            (scheme, connection, issuer): RequestLabels(issuer, scheme, connection)
            for scheme in ("bearer", "dpop")
            for connection in ("http", "websocket", NO_CONNECTION)
            for issuer in (*issuers, OTHER_ISSUER)
        }

    async def accepted(
        self,
        verification: Coroutine[Any, Any, AccessToken],
        connection: str,
        scheme: str = "bearer",
    ) -> AccessToken:
        """The token of a verification, of which the listener has heard.

        Whatever the verification raises is for whoever answers to tell of.
        """
        before, began = self._verified(), perf_counter()
        token = await verification
        seconds = perf_counter() - began
        is_cached = self._verified() == before
        labels = self._labels.get((scheme, connection, token.issuer))
        if labels is None:
            labels = self._labels[scheme, connection, OTHER_ISSUER]
        self._listener(RequestAccepted(labels, is_cached, seconds, token))
        return token

    async def of(self, verification: Coroutine[Any, Any, AccessToken]) -> AccessToken:
        """The token of a verification that came without a connection.

        The listener hears of a refusal too.
        """
        try:
            return await self.accepted(verification, NO_CONNECTION)
        except (RequestError, TemporarilyUnavailable) as error:
            labels = RequestLabels(error.issuer or OTHER_ISSUER, "bearer", NO_CONNECTION)
            self._listener(refusal_event(error, labels, is_outcome=True))
            raise

    def anonymous(self, connection: str) -> None:
        """A request without a token was let through."""
        self._listener(RequestAnonymous(RequestLabels(OTHER_ISSUER, "none", connection)))


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
    if token is None:
        return advise_on_grant(error.scopes, None)
    granted = dict.fromkeys((*token.scopes, *token.permissions, *token.roles))
    return advise_on_grant(error.scopes, tuple(granted), token.unreadable_grants)
