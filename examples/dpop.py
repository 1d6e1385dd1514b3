"""DPoP: a token that is bound to the client's key, and a proof for each request (RFC 9449).

What differs from `minimal.py`: the API takes proofs, with nonces, and the client signs them. A
thief has the token, and once a whole request. It prints:

    the client: 200 200
    the token as Bearer: 401 invalid_token
    the token with the thief's proof: 401 invalid_token
    the token without a proof: 401 invalid_dpop_proof
    the client's request again: 401 invalid_dpop_proof
"""

import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import DPoP, DPoPNonces, JWTBearerMiddleware
from asgi_jwks.testing import DPoPAuth, MockIssuer, ProofKey

ORIGIN = "https://api.example.com"
issuer = MockIssuer()


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.user.identity}")


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/hello", hello)]),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
    dpop=DPoP(
        # The address by which clients reach the API; it is never taken from a request.
        public_origin=ORIGIN,
        # In production from the environment, the same for all workers.
        nonces=DPoPNonces(secrets.token_urlsafe(32)),
    ),
)


if __name__ == "__main__":
    key = ProofKey()
    # The provider does this for a client that asks for its token with a proof.
    token = issuer.access_token(cnf=key.confirmation)

    client = TestClient(app, base_url=ORIGIN)
    auth = DPoPAuth(token, key)
    answers = [client.get("/hello", auth=auth) for _ in range(2)]
    print("the client:", *(answer.status_code for answer in answers))

    captured = dict(answers[1].request.headers)
    thief = ProofKey().proof("GET", f"{ORIGIN}/hello", token)
    for name, headers in {
        "the token as Bearer": {"Authorization": f"Bearer {token}"},
        "the token with the thief's proof": {"Authorization": f"DPoP {token}", "DPoP": thief},
        "the token without a proof": {"Authorization": f"DPoP {token}"},
        "the client's request again": captured,
    }.items():
        answer = client.get("/hello", headers=headers)
        print(f"{name}: {answer.status_code} {answer.json()['error']}")
