"""A browser's application of another origin: CORS around refusals, and errors in its own form.

What differs from `starlette_app.py`: CORSMiddleware is outermost, so that it answers preflights,
which never have a token, and that scripts can read refusals too. They read the challenge only if
it is exposed. `error_body` words the bodies; status and challenge are not its to choose. It prints:

    preflight: 200, authorization may be sent
    401 for https://app.example.com, which may read WWW-Authenticate: {'message': 'A Bearer access \
token is required', 'code': 'missing_token'}
    200 for https://app.example.com: hello
    401 for https://evil.example, which may read nothing
"""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, RefusalContent
from asgi_jwks.testing import MockIssuer

APP = "https://app.example.com"
issuer = MockIssuer()


async def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def in_our_form(content: RefusalContent) -> Mapping[str, str]:
    return {"message": content.description, "code": content.error}


app = Starlette(
    routes=[Route("/hello", hello)],
    middleware=[
        Middleware(
            CORSMiddleware,
            allow_origins=[APP],
            allow_methods=["GET"],
            allow_headers=["Authorization", "DPoP"],
            expose_headers=["WWW-Authenticate", "DPoP-Nonce", "Retry-After"],
        ),
        Middleware(
            JWTBearerMiddleware.configured(
                issuer=issuer.issuer,
                audience=issuer.audience,
                http_client=issuer.http_client(),
                error_body=in_our_form,
            )
        ),
    ],
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Origin": APP})
    asks = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = client.options("/hello", headers=asks)
    print(f"preflight: {preflight.status_code}, authorization may be sent")
    refused = client.get("/hello")
    exposed = refused.headers["access-control-expose-headers"].split(", ")[0]
    print(f"{refused.status_code} for {APP}, which may read {exposed}: {refused.json()}")
    accepted = client.get("/hello", headers={"Authorization": f"Bearer {issuer.access_token()}"})
    print(f"{accepted.status_code} for {APP}: {accepted.text}")
    other = client.get("/hello", headers={"Origin": "https://evil.example"})
    may_read = other.headers.get("access-control-allow-origin", "nothing")
    print(f"{other.status_code} for https://evil.example, which may read {may_read}")
