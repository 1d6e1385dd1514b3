"""The smallest application: every request needs an access token, and the claims are at hand.

The other examples are described by what they have beyond this one. A MockIssuer stands in for the
identity provider, so no account and no network is needed; a real application has its provider's
names instead of the first line below, and no `http_client`. It prints:

    401 Bearer realm="api"
    200 {'hello': 'auth0|60c7a9f2b1d3e40069f8a2b7'}
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, access_token
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()


async def hello(request: Request) -> JSONResponse:
    return JSONResponse({"hello": access_token(request).subject})


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/hello", hello)]),
    issuer=issuer.issuer,  # "https://example.eu.auth0.com/"
    audience=issuer.audience,  # "https://api.example.com"
    http_client=issuer.http_client(),
)

if __name__ == "__main__":
    client = TestClient(app)
    refused = client.get("/hello")
    print(refused.status_code, refused.headers["www-authenticate"])
    token = issuer.access_token()
    accepted = client.get("/hello", headers={"Authorization": f"Bearer {token}"})
    print(accepted.status_code, accepted.json())
