"""DPoP and FastAPI's dependency, with the middleware around it and without."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Security
from fastapi.responses import JSONResponse
from tests.support.trusted import ISSUER, trusted

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    DPoP,
    DPoPNonces,
    JWTBearerMiddleware,
    TLSExtension,
)
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import ClientCertificate, DPoPAuth, MockIssuer, ProofKey

pytestmark = pytest.mark.anyio

ORIGIN = "https://api.example.com"
SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"
KEY = ProofKey()


def api(bearer: JWTBearer) -> FastAPI:
    app = FastAPI()
    bearer.attach(app)

    @app.get("/messages")
    async def messages(token: Annotated[AccessToken, Security(bearer)]) -> str:
        return token.issuer

    @app.get("/optional")
    async def optional(token: Annotated[AccessToken | None, Depends(bearer.optional)]) -> str:
        return "nobody" if token is None else token.issuer

    @app.get("/needy")
    async def needy(
        token: Annotated[AccessToken, Depends(bearer.requires("read"))],
        same: Annotated[AccessToken, Security(bearer, scopes=["write"])],
    ) -> str:
        return token.issuer

    return app


def client(app: Any, token: str | None = None) -> httpx.AsyncClient:
    auth = None if token is None else DPoPAuth(token, KEY)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN, auth=auth)


BOUND = ISSUER.access_token(cnf=KEY.confirmation, scope="read write")


async def test_a_bound_token_passes_with_its_proof() -> None:
    """I1: also where several dependencies of one request ask for it."""
    app = api(JWTBearer(trusted(dpop=DPoP(public_origin=ORIGIN))))
    async with client(app, BOUND) as dpop:
        for path in ("/messages", "/optional", "/needy"):
            answer = await dpop.get(path)
            assert (answer.status_code, answer.json()) == (200, ISSUER.issuer)
        sent = answer.request
        assert (await dpop.get("/messages", headers=sent.headers, auth=None)).status_code == 401
    async with client(app) as plain:
        answer = await plain.get("/messages", headers={"Authorization": f"DPoP {BOUND}"})
        assert answer.status_code == 401
        challenges = answer.headers.get_list("www-authenticate")
        assert [c.split()[0] for c in challenges] == ["DPoP", "Bearer"]
        assert 'error="invalid_dpop_proof"' in challenges[0]
        assert (await plain.get("/optional")).json() == "nobody"


async def test_the_middleware_and_a_dependency_of_the_same_policy_use_a_proof_once() -> None:
    """I11"""
    policy = DPoP(public_origin=ORIGIN)
    app = JWTBearerMiddleware(api(JWTBearer(trusted(dpop=policy))), trusted(dpop=policy))
    async with client(app, BOUND) as dpop:
        answer = await dpop.get("/messages")
        assert answer.status_code == 200
        again = await dpop.get("/messages", headers=answer.request.headers, auth=None)
        assert again.status_code == 401


@pytest.mark.parametrize("path", ["/messages", "/optional", "/needy"])
@pytest.mark.parametrize("is_guarded", [False, True])
async def test_nonces_are_demanded_and_renewed(path: str, is_guarded: bool) -> None:
    """I14: one DPoP-Nonce field on a good answer when the period has ended."""
    clock = [1_700_000_010.0]
    issuer = MockIssuer(key=ISSUER.signing_key, issuer=ISSUER.issuer, clock=lambda: clock[0])
    token = issuer.access_token(cnf=KEY.confirmation, scope="read write", lifetime=3600)
    policy = DPoP(public_origin=ORIGIN, nonces=DPoPNonces(SECRET))
    verifier = AccessTokenVerifier(trusted(dpop=policy), clock=lambda: clock[0])
    app: Any = api(JWTBearer(verifier=verifier))
    if is_guarded:
        app = JWTBearerMiddleware(app, verifier=verifier)
    async with client(app, token) as dpop:
        assert (await dpop.get(path)).status_code == 200
        clock[0] += 60
        answer = await dpop.get(path)
        assert answer.status_code == 200
        assert len(answer.headers.get_list("dpop-nonce")) == 1
        clock[0] += 60
        answer = await dpop.get(path)
        assert len(answer.history) == 0
        assert answer.status_code == 200


async def test_a_handler_of_the_applications_own_gets_both_challenges() -> None:
    """I15: as one list, since its headers are a dict."""
    app = api(JWTBearer(trusted(dpop=DPoP(public_origin=ORIGIN))))

    @app.exception_handler(HTTPException)
    async def handle(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(None, error.status_code, headers=error.headers)

    app.exception_handlers = {
        kind: handler for kind, handler in app.exception_handlers.items() if kind is HTTPException
    }
    async with client(app) as plain:
        answer = await plain.get("/messages")
        assert answer.headers["www-authenticate"].count("realm=") == 2


async def test_a_certificate_is_proof_to_a_dependency_too() -> None:
    """J1"""
    certificate = ClientCertificate.generate()
    app = api(JWTBearer(trusted(certificate_sources=[TLSExtension()])))

    async def with_tls(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "extensions": {"tls": {"client_cert": certificate.der}}}, receive, send)

    token = ISSUER.access_token(cnf={"x5t#S256": certificate.thumbprint})
    fields = {"Authorization": f"Bearer {token}"}
    async with client(with_tls) as tls, client(app) as plain:
        assert (await tls.get("/messages", headers=fields)).status_code == 200
        assert (await plain.get("/messages", headers=fields)).status_code == 401
