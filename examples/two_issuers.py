"""Two providers: customers log in at one, machines at the other, each with its own rules.

What differs from `minimal.py`: the middleware gets a verifier of several TrustedIssuer objects,
each with its own audience, algorithms and keys; a key of one never verifies a token of the other.
It prints:

    customers: alice
    machines: importer
    a machine's token signed by the customers' provider: 401
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, TrustedIssuer, access_token
from asgi_jwks.testing import MockIssuer

customers = MockIssuer(issuer="https://customers.example/", audience="https://api.example.com")
machines = MockIssuer(issuer="https://machines.example/", audience="api", algorithm="ES256")


async def whoami(request: Request) -> PlainTextResponse:
    return PlainTextResponse(access_token(request).subject or "nobody")


app = Starlette(routes=[Route("/whoami", whoami)])
app.add_middleware(
    JWTBearerMiddleware,
    verifier=AccessTokenVerifier(
        [
            TrustedIssuer(
                issuer=customers.issuer,
                audience=customers.audience,
                http_client=customers.http_client(),
            ),
            TrustedIssuer(
                issuer=machines.issuer,
                audience=machines.audience,
                algorithms=["ES256"],
                profile="rfc9068",
                http_client=machines.http_client(),
            ),
        ]
    ),
)

if __name__ == "__main__":
    client = TestClient(app)
    forged = customers.rfc9068_token(iss=machines.issuer, audience="api", subject="importer")
    for who, token in {
        "customers": customers.access_token(subject="alice"),
        "machines": machines.rfc9068_token(subject="importer"),
        "a machine's token signed by the customers' provider": forged,
    }.items():
        response = client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
        print(f"{who}: {response.text if response.is_success else response.status_code}")
