"""mTLS: a token that is bound to the client's certificate, behind a proxy that ends TLS (RFC 8705).

What differs from `minimal.py`: the proxy hands the certificate on in a field, which is believed
from the proxy alone. It prints:

    the client: 200
    a thief with a certificate of his own: 401
    a thief without a certificate: 401
    a thief who writes the field himself: 400
"""

import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import ClientCertField, JWTBearerMiddleware
from asgi_jwks.testing import ClientCertificate, MockIssuer

PROXY_SECRET = secrets.token_urlsafe(32)
issuer = MockIssuer()


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.user.identity}")


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/hello", hello)]),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
    certificate_sources=[ClientCertField(proxy_secret=("X-Proxy-Secret", PROXY_SECRET))],
)


def through_the_proxy(certificate: ClientCertificate | None) -> dict[str, str]:
    """The fields that the proxy sets on each request, over those of the client."""
    fields = {"X-Proxy-Secret": PROXY_SECRET}
    if certificate is not None:
        fields["Client-Cert"] = certificate.client_cert
    return fields


if __name__ == "__main__":
    mine, his = ClientCertificate.generate("client"), ClientCertificate.generate("thief")
    # The provider does this for a client that asks for its token over mTLS.
    token = issuer.access_token(cnf=mine.confirmation)

    client = TestClient(app)
    for who, fields in {
        "the client": through_the_proxy(mine),
        "a thief with a certificate of his own": through_the_proxy(his),
        "a thief without a certificate": through_the_proxy(None),
        "a thief who writes the field himself": {
            **through_the_proxy(mine),
            "X-Proxy-Secret": "guessed",
        },
    }.items():
        response = client.get("/hello", headers={"Authorization": f"Bearer {token}", **fields})
        print(f"{who}: {response.status_code}")
