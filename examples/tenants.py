"""Many tenants, each with a provider of its own, known to a database and not to the configuration.

What differs from `two_issuers.py`: a resolver is asked for an issuer that is seen for the first
time. It decides by the exact name, before anything is fetched; its answers are kept for minutes.
It prints:

    acme: acme
    globex: globex
    a stranger: 401
    the database was asked for acme, globex, stranger
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, TrustedIssuer, access_token
from asgi_jwks.testing import MockIssuer

names = ("acme", "globex", "stranger")
providers = {name: MockIssuer(issuer=f"https://{name}.example/") for name in names}
tenants = {providers[name].issuer: name for name in ("acme", "globex")}
asked: list[str] = []


async def trusted_issuer(iss: str) -> TrustedIssuer | None:
    """Stands for a look into a database. None refuses the token; an exception is an outage, 503."""
    asked.append(iss.removeprefix("https://").removesuffix(".example/"))
    if iss not in tenants:
        return None
    provider = providers[tenants[iss]]
    return TrustedIssuer(
        issuer=iss,
        audience=provider.audience,
        # No tenant's provider can grant more than this, whatever its tokens say.
        grants=["openid", "profile"],
        http_client=provider.http_client(),
    )


async def tenant(request: Request) -> PlainTextResponse:
    return PlainTextResponse(tenants[access_token(request).issuer])


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/tenant", tenant)]),
    verifier=AccessTokenVerifier(resolver=trusted_issuer),
)

if __name__ == "__main__":
    client = TestClient(app)
    for name, provider in providers.items():
        token = provider.access_token()
        for _ in range(2):
            response = client.get("/tenant", headers={"Authorization": f"Bearer {token}"})
        who = "a stranger" if name == "stranger" else name
        print(f"{who}: {response.text if response.is_success else response.status_code}")
    print("the database was asked for", ", ".join(asked))
