"""The protected API of the demo: a Starlette application as a user would write it.

What lives only here: its endpoints, and the clock that the demo sets forward. What it does not
know: the story that is played against it.
"""

import time
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, RemoteJWKSet, access_token, requires

__all__ = ["AdjustableClock", "protected_api"]


@dataclass(slots=True)
class AdjustableClock:
    """A monotonic clock that can be set forward, so that nobody has to wait for an hour."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        self.ahead += seconds


async def me(request: Request) -> JSONResponse:
    """Who the token is about."""
    token = access_token(request)
    return JSONResponse({"sub": token.subject, "scopes": list(token.scopes)})


@requires("read:messages")
async def messages(request: Request) -> JSONResponse:
    """Something that needs a scope."""
    return JSONResponse({"for": access_token(request).subject, "messages": ["hello"]})


def protected_api(issuer: str, *, audience: str, clock: AdjustableClock) -> Starlette:
    """The API, which trusts `issuer` and finds its keys by discovery."""
    # By default a request waits up to a second for a refresh. The story counts fetches, and on a
    # slow machine the second attempt of one must not be counted with the next request.
    keys = RemoteJWKSet(issuer=issuer, clock=clock, max_wait=5.0)
    app = Starlette(routes=[Route("/me", me), Route("/messages", messages)])
    app.add_middleware(JWTBearerMiddleware, issuer=issuer, audience=audience, keys=keys)
    return app
