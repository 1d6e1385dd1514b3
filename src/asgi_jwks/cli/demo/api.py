"""The protected API of the demo: a Starlette application as a user would write it.

It does not know the requests that are sent to it. Unusual are only its clock, which can be set
forward, and an HTTP client that ignores proxies: a proxy cannot reach this machine's loopback.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, RemoteJWKSet, access_token, requires

__all__ = ["SimulatedClock", "protected_api"]


@dataclass(slots=True)
class SimulatedClock:
    """A monotonic clock in seconds that can be set forward: nobody waits for an hour."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        self.ahead += seconds


async def me(request: Request) -> JSONResponse:
    """The subject and the scopes of the token."""
    token = access_token(request)
    return JSONResponse({"sub": token.subject, "scopes": list(token.scopes)})


@requires("read:messages")
async def messages(request: Request) -> JSONResponse:
    """An endpoint that needs a scope."""
    return JSONResponse({"for": access_token(request).subject, "messages": ["hello"]})


def protected_api(issuer: str, *, audience: str, clock: SimulatedClock) -> JWTBearerMiddleware:
    """The API, which trusts `issuer`, takes tokens for `audience` and discovers the keys."""
    client = httpx.AsyncClient(trust_env=False)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await client.aclose()

    app = Starlette(routes=[Route("/me", me), Route("/messages", messages)], lifespan=lifespan)
    # By default a request waits up to a second for a refresh. The demo counts fetches, and on a
    # slow machine the second attempt of one must not be counted with the next request.
    keys = RemoteJWKSet(issuer=issuer, clock=clock, max_wait=5.0, http_client=client)
    return JWTBearerMiddleware(app, issuer=issuer, audience=audience, keys=keys)
