"""Two providers: customers log in at one, machines at the other, each with its own rules.

What differs from `minimal.py`: the middleware gets several TrustedIssuer objects, each with its own
audience, algorithms and keys; a key of one never verifies a token of the other. Users are named
with their issuer, since both may have an "alice", and machines may grant no more than is listed.
It prints:

    customers: https://customers.example/|alice may read:messages admin
    machines: https://machines.example/|importer may import
    a machine's token signed by the customers' provider: 401
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, TrustedIssuer, access_token
from asgi_jwks.testing import MockIssuer

customers = MockIssuer(issuer="https://customers.example/", audience="https://api.example.com")
machines = MockIssuer(issuer="https://machines.example/", audience="api", algorithm="ES256")


async def whoami(request: Request) -> PlainTextResponse:
    scopes = " ".join(access_token(request).scopes)
    return PlainTextResponse(f"{request.user.identity} may {scopes}")


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/whoami", whoami)]),
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
        grants=["import"],
        http_client=machines.http_client(),
    ),
)

if __name__ == "__main__":
    client = TestClient(app)
    forged = customers.rfc9068_token(iss=machines.issuer, audience="api", subject="importer")
    for who, token in {
        "customers": customers.access_token(subject="alice", scopes="read:messages admin"),
        "machines": machines.rfc9068_token(subject="importer", scopes="import admin"),
        "a machine's token signed by the customers' provider": forged,
    }.items():
        response = client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
        print(f"{who}: {response.text if response.is_success else response.status_code}")
