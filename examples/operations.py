"""What an operator sees: logs, `on_refused`, the events of a key set, and its health.

What differs from `minimal.py`: the loggers are named, `on_refused` counts refusals by their reason,
a `listener` counts what happens to the keys, and `health()` is answered to whoever may know it.
Refusals are logged by `asgi_jwks.requests`, once per cause and interval, changes of keys by
`asgi_jwks.keys`. Long lines are cut here. It prints:

    asgi_jwks.requests: refused with 401 missing_token, issuer _other: the request has no Be
    asgi_jwks.requests: refused with 401 expired, issuer https://mock-issuer.example/: the t
    refused: missing_token 1, expired 1
    keys: KeySetRefreshed 1
    health: fresh, 1 key, 0 failures
"""

import logging
import sys
from collections import Counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, RemoteJWKSet, RequestError, TemporarilyUnavailable
from asgi_jwks.events.key_set import KeySetEvent
from asgi_jwks.events.log import log_event
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
refused: Counter[str] = Counter()
happened: Counter[str] = Counter()


def count_refusal(error: RequestError | TemporarilyUnavailable, _scope: object) -> None:
    """Metrics: a reason is one of a closed list, so it can be a label."""
    refused[error.reason if isinstance(error, RequestError) else "unavailable"] += 1


def count_event(event: KeySetEvent) -> None:
    """Instead of log lines, or beside them: the default listener is `log_event`."""
    happened[type(event).__name__] += 1
    log_event(event)


keys = RemoteJWKSet(issuer=issuer.issuer, http_client=issuer.http_client(), listener=count_event)


async def health(_request: Request) -> JSONResponse:
    """For those who run the API; it touches no network, and tokens cannot change it."""
    now = keys.health()
    return JSONResponse({"phase": now.phase, "keys": len(now.key_ids), "failures": now.failures})


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/health", health)]),
    issuer=issuer.issuer,
    audience=issuer.audience,
    keys=keys,
    on_refused=count_refusal,
)

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, format="%(name)s: %(message).68s")
    logging.getLogger("asgi_jwks.requests").setLevel(logging.INFO)
    client = TestClient(app)
    client.get("/health")
    expired = issuer.access_token(lifetime=-60)
    client.get("/health", headers={"Authorization": f"Bearer {expired}"})
    headers = {"Authorization": f"Bearer {issuer.access_token()}"}
    known = client.get("/health", headers=headers).json()
    for name, counter in {"refused": refused, "keys": happened}.items():
        print(f"{name}:", ", ".join(f"{what} {count}" for what, count in counter.items()))
    print(f"health: {known['phase']}, {known['keys']} key, {known['failures']} failures")
