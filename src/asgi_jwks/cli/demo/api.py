"""The protected API of the demo: a Starlette application as a user would write it.

It does not know the requests that are sent to it. Unusual are only its clock, which can be set
forward, and an HTTP client that ignores proxies: a proxy cannot reach this machine's loopback.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from asgi_jwks import DPoP, JWTBearerMiddleware, OnRefused, RemoteJWKSet, access_token, requires
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.events import KeySetListener, log_event

__all__ = ["PATHS", "SimulatedClock", "key_set_of", "protected_api"]

PATHS: Final = ("/me", "/messages")
"""The paths of the API; the second one needs the scope read:messages."""


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


def protected_api(
    issuer: str,
    *,
    audience: str | Sequence[str],
    clock: SimulatedClock,
    jwks_uri: str | None = None,
    algorithms: Sequence[str] = ("RS256",),
    listener: KeySetListener = log_event,
    on_refused: OnRefused | None = None,
    dpop: DPoP | None = None,
) -> JWTBearerMiddleware:
    """The API, which trusts `issuer`, takes tokens for `audience` and discovers the keys.

    Args:
        issuer: the issuer identifier.
        audience: the audience of the tokens.
        clock: that of the key set.
        jwks_uri: where the keys are, if they are not to be discovered.
        algorithms: the accepted algorithms.
        listener: is told of the changes of the key set.
        on_refused: is told of refused requests.
        dpop: the demands on DPoP proofs.
    """
    client = httpx.AsyncClient(trust_env=False, verify=no_tls())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await client.aclose()

    app = Starlette(routes=[Route("/me", me), Route("/messages", messages)], lifespan=lifespan)
    # By default a request waits up to a second for a refresh. The demo counts fetches, and on a
    # slow machine the second attempt of one must not be counted with the next request.
    keys = RemoteJWKSet(
        jwks_uri,
        issuer=issuer,
        clock=clock,
        max_wait=5.0,
        http_client=client,
        listener=listener,
    )
    return JWTBearerMiddleware(
        app,
        issuer=issuer,
        audience=audience,
        keys=keys,
        algorithms=algorithms,
        on_refused=on_refused,
        dpop=dpop,
    )


def key_set_of(api: JWTBearerMiddleware) -> RemoteJWKSet:
    """The key set of the API.

    Raises:
        TypeError: it is not one of the API's here.
    """
    keys = getattr(api.verifier.issuers[0], "keys", None)
    if not isinstance(keys, RemoteJWKSet):
        raise TypeError("the API has no RemoteJWKSet")
    return keys
