"""From a refused connection to the event that listeners hear of.

Labels are of closed sets here already: an issuer that is not configured is "_other".
"""

from collections.abc import Mapping
from typing import Any

from asgi_jwks.errors import Advice, InsufficientScope, RequestError, TemporarilyUnavailable
from asgi_jwks.events.requests import OTHER_ISSUER, RequestEvent, RequestRefused, Unavailable
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.advice import advise_on_grant, advise_on_outage, advise_on_request

__all__ = ["refusal_event"]


def refusal_event(
    error: RequestError | TemporarilyUnavailable,
    scope: Mapping[str, Any],
    configured: frozenset[str],
) -> RequestEvent:
    """The event of a connection that was refused.

    Args:
        error: why.
        scope: the ASGI scope; a route that needs more is told by the token that is on it.
        configured: the names of the configured issuers.
    """
    issuer = error.issuer
    if isinstance(error, TemporarilyUnavailable):
        return Unavailable(
            issuer=issuer or OTHER_ISSUER,
            advice=advise_on_outage(error),
            retry_after=error.retry_after,
        )
    needed: tuple[str, ...] = ()
    advice = error.advice
    if isinstance(error, InsufficientScope):
        needed = error.scopes
        token = scope.get("auth")
        if isinstance(token, AccessToken):
            issuer = token.issuer if token.issuer in configured else None
            advice = _advice_on_grant(needed, token)
        else:
            advice = advise_on_grant(needed, None)
    return RequestRefused(
        issuer=issuer or OTHER_ISSUER,
        advice=advice or advise_on_request(error.reason),
        reason=error.reason,
        status=error.status,
        needed=needed,
    )


def _advice_on_grant(needed: tuple[str, ...], token: AccessToken) -> Advice:
    granted = dict.fromkeys((*token.scopes, *token.permissions, *token.roles))
    return advise_on_grant(needed, tuple(granted), token.unreadable_grants)
