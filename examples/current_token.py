"""The token where no request is at hand: a context variable of the application's own.

What differs from `minimal.py`: a few lines of middleware inside put the token into a context
variable, for code that has no request, such as a filter of log records. The package has none, since
every request would pay for it. Tasks that a request starts see it, too: hand them what they need
instead, and mind that a token is good for a while only. It prints:

    auth0|60c7a9f2b1d3e40069f8a2b7: said hello
"""

import logging
import sys
from contextvars import ContextVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi_jwks import AccessToken, JWTBearerMiddleware
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
current: ContextVar[AccessToken | None] = ContextVar("current", default=None)
log = logging.getLogger("example")


def with_current_token(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        # Of an anonymous request this is no AccessToken; a lifespan has none.
        token = scope.get("auth")
        before = current.set(token if isinstance(token, AccessToken) else None)
        try:
            await app(scope, receive, send)
        finally:
            current.reset(before)

    return wrapped


def name_the_user(record: logging.LogRecord) -> bool:
    token = current.get()
    record.user = "nobody" if token is None else token.identity
    return True


async def hello(_request: Request) -> PlainTextResponse:
    log.info("said hello")
    return PlainTextResponse("hello")


app = JWTBearerMiddleware(
    with_current_token(Starlette(routes=[Route("/hello", hello)])),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
)

if __name__ == "__main__":
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(user)s: %(message)s"))
    handler.addFilter(name_the_user)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    headers = {"Authorization": f"Bearer {issuer.access_token()}"}
    TestClient(app).get("/hello", headers=headers)
