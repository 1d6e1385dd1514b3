"""What an operator sees: logs, events for metrics, and health.

What differs from `minimal.py`: the loggers are named, one `listener` hears of each outcome of a
request and of each change of the keys, and the middleware answers `/health` without a token.
Refusals are logged by `asgi_jwks.requests`, once per cause and interval, changes of keys by
`asgi_jwks.keys`. `asgi_jwks.integrations.prometheus` and `.opentelemetry` have listeners that are
ready to use. Long lines are cut here. It prints:

    asgi_jwks.requests: refused with 401 missing_token: the request has no Bearer toke
    asgi_jwks.requests: refused with 401 expired, issuer https://mock-issuer.example/:
    refused missing_token 1, refused expired 1, KeySetRefreshed 1, RequestAccepted 1
    health: ready, keys are fresh
"""

import logging
import sys
from collections import Counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.events import Event, RequestRefused
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
happened: Counter[str] = Counter()


def count(event: Event) -> None:
    """A reason is one of a closed list, so it can be the label of a metric."""
    refused = f"refused {event.reason}" if isinstance(event, RequestRefused) else None
    happened[refused or type(event).__name__] += 1


async def messages(_request: Request) -> PlainTextResponse:
    """For whoever has a token."""
    return PlainTextResponse("hello")


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/", messages)]),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
    listener=count,
    health_path="/health",
)

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, format="%(name)s: %(message).62s")
    logging.getLogger("asgi_jwks.requests").setLevel(logging.INFO)
    client = TestClient(app)
    client.get("/")
    expired = issuer.access_token(lifetime=-60)
    client.get("/", headers={"Authorization": f"Bearer {expired}"})
    client.get("/", headers={"Authorization": f"Bearer {issuer.access_token()}"})
    print(", ".join(f"{name} {number}" for name, number in happened.items()))
    health = client.get("/health").json()
    print(f"health: {health['status']}, keys are {health['key_sets'][0]['state']}")
