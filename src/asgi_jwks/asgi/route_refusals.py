"""The refusals of routes: errors of endpoints, answered as the middleware answers its own.

It does not know why a route refuses: guards and applications raise.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from asgi_jwks.asgi.authentication import AUTHENTICATION, Authentication
from asgi_jwks.asgi.challenge import Challenges, Refusal
from asgi_jwks.asgi.identity import HasScope, scope_of
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.errors import ConfigurationError, RequestError, TemporarilyUnavailable

__all__ = ["RefusalResponse", "refusal_of"]


def refusal_of(
    connection: HasScope | Mapping[str, Any], error: RequestError | TemporarilyUnavailable
) -> Refusal:
    """How the middleware would answer this error: status, headers and body.

    For the error pages of frameworks that are not Starlette's: their endpoints raise what
    `requires(...).check_scope(scope)` raises, and this is the answer. `on_refused` hears of it.

    Raises:
        ConfigurationError: an argument is something else.
    """
    scope: Any = scope_of(connection)
    if not isinstance(error, RequestError | TemporarilyUnavailable):
        raise ConfigurationError(
            f"error must be a RequestError or TemporarilyUnavailable; got {error!r}. Write "
            "refusal_of(request, error) where one of them is caught."
        )
    authentication = scope.get(AUTHENTICATION)
    if isinstance(authentication, Authentication):
        return authentication.refusal(error, scope)
    return Challenges().refusal(error)


class RefusalResponse(Response):
    """A refusal as a Starlette response, which travels as the middleware's own do."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.body, refusal.status)
        self.raw_headers = [*refusal.headers]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it, without content to HEAD.

        WebSockets get a denial response or a close.
        """
        refusal = Refusal(self.status_code, tuple(self.raw_headers), bytes(self.body))
        await refuse(refusal, scope, send)
