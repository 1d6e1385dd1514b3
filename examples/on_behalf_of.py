"""Calling another API on behalf of the user, with the token that the request came with.

What differs from `minimal.py`: `bearer_token(request)` is the credential itself, read from the
request when it is asked for and kept nowhere. Whoever has it can act as the user: it goes to the
other API over TLS, into no log and no task that outlives the request. The other API must be among
the token's audiences; where it is not, the provider exchanges the token for another (RFC 8693).
It prints:

    orders asked billing as auth0|60c7a9f2b1d3e40069f8a2b7: 3 invoices
    billing by itself: 401
"""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, access_token, bearer_token
from asgi_jwks.testing import MockIssuer

ORDERS, BILLING = "https://orders.example.com", "https://billing.example.com"
issuer = MockIssuer(audience=[ORDERS, BILLING])


async def invoices(request: Request) -> JSONResponse:
    return JSONResponse({"of": access_token(request).subject, "invoices": 3})


billing = JWTBearerMiddleware(
    Starlette(routes=[Route("/invoices", invoices)]),
    issuer=issuer.issuer,
    audience=BILLING,
    http_client=issuer.http_client(),
)


async def orders(request: Request) -> JSONResponse:
    # The transport stands for the network; a real application has one client for all requests.
    transport = httpx.ASGITransport(app=billing)
    async with httpx.AsyncClient(transport=transport, base_url=BILLING) as client:
        headers = {"Authorization": f"Bearer {bearer_token(request)}"}
        answer = await client.get("/invoices", headers=headers)
    return JSONResponse(answer.json(), answer.status_code)


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/orders", orders)]),
    issuer=issuer.issuer,
    audience=ORDERS,
    http_client=issuer.http_client(),
)

if __name__ == "__main__":
    headers = {"Authorization": f"Bearer {issuer.access_token()}"}
    answer = TestClient(app).get("/orders", headers=headers).json()
    print(f"orders asked billing as {answer['of']}: {answer['invoices']} invoices")
    print("billing by itself:", TestClient(billing).get("/invoices").status_code)
