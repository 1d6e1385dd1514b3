"""Starlette's own authentication, which reads what the middleware puts on the scope."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.authentication import requires as starlette_requires
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.testing import MockIssuer


@starlette_requires("read")
async def read(request: Request) -> JSONResponse:
    user = request.user
    return JSONResponse([user.is_authenticated, user.identity, user.display_name])


async def anyone(request: Request) -> JSONResponse:
    return JSONResponse([request.user.is_authenticated, [*request.auth.scopes]])


@pytest.fixture(scope="module")
def issuer() -> MockIssuer:
    return MockIssuer()


@pytest.fixture(scope="module")
def client(issuer: MockIssuer) -> Iterator[TestClient]:
    app = Starlette(routes=[Route("/read", read), Route("/anyone", anyone)])
    app.add_middleware(
        JWTBearerMiddleware,
        issuer=issuer.issuer,
        audience=issuer.audience,
        http_client=issuer.http_client(),
        allow_anonymous=True,
    )
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])
    with TestClient(app) as client:
        yield client


def headers(issuer: MockIssuer, **token: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.access_token(**token)}"}


def test_starlette_s_own_requires_reads_the_scopes(client: Any, issuer: MockIssuer) -> None:
    allowed = client.get("/read", headers=headers(issuer, scopes="read", subject="7", name="Ada"))
    assert allowed.json() == [True, "7", "Ada"]
    assert client.get("/read", headers=headers(issuer)).status_code == 403


def test_nobody_is_authenticated_without_a_token(client: Any) -> None:
    """A6, A10"""
    assert client.get("/anyone").json() == [False, []]
    assert client.get("/read").status_code == 403


def test_a_refusal_can_be_read_by_a_page_of_an_allowed_origin(client: Any) -> None:
    """B10: with CORSMiddleware outside, refusals have its headers and preflights never get here."""
    origin = {"Origin": "https://app.example"}
    refused = client.get("/read", headers={**origin, "Authorization": "Bearer x"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example"
    preflight = {**origin, "Access-Control-Request-Method": "GET"}
    assert client.options("/read", headers=preflight).status_code == 200
