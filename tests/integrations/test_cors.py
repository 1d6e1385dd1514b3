"""Browsers of another origin: CORS around the middleware, and around FastAPI's dependency."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.testclient import TestClient
from tests.support.fastapi_app import application, headers, trusted

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

APP = "https://app.example.com"
ASKS = {
    "Origin": APP,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization, dpop",
}
CORS = Middleware(
    CORSMiddleware,
    allow_origins=[APP],
    allow_headers=["Authorization", "DPoP"],
    expose_headers=["WWW-Authenticate", "DPoP-Nonce", "Retry-After"],
)


@pytest.fixture(scope="module")
def provider() -> MockIssuer:
    return MockIssuer()


@pytest.fixture(params=["middleware", "dependency", "dependency that is not attached"])
def client(request: Any, provider: MockIssuer) -> TestClient:
    """An application with CORS outermost, guarded in one way or another."""
    provider.reset()
    app: FastAPI | Starlette
    if request.param == "middleware":
        guard = Middleware(JWTBearerMiddleware.configured(trusted(provider)))
        app = application(JWTBearer(), middleware=[CORS, guard])
    else:
        bearer = JWTBearer(trusted(provider))
        app = application(bearer, middleware=[CORS])
        if request.param == "dependency":
            bearer.attach(app)
    return TestClient(app, headers={"Origin": APP})


def test_a_preflight_is_answered_without_a_token(client: TestClient) -> None:
    """B10: with the fields that carry tokens and proofs."""
    answer = client.options("/me", headers=ASKS)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "dpop" in allowed


@pytest.mark.parametrize(
    ("status", "field"),
    [(401, "www-authenticate"), (403, "www-authenticate"), (503, "retry-after")],
)
def test_a_script_can_read_a_refusal_and_what_is_needed(
    client: TestClient, provider: MockIssuer, status: int, field: str
) -> None:
    """B1, B3, B7"""
    if status == 503:
        provider.jwks.fail(status=500)
    fields = {} if status == 401 else headers(provider)
    answer = client.get("/read", headers=fields)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == APP
    assert field in answer.headers
    exposed = answer.headers["access-control-expose-headers"].lower()
    assert exposed == "www-authenticate, dpop-nonce, retry-after"


def test_another_origin_is_told_nothing_by_cors(client: TestClient) -> None:
    answer = client.get("/me", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 401
    assert "access-control-allow-origin" not in answer.headers


def test_a_good_answer_is_as_without_cors(client: TestClient, provider: MockIssuer) -> None:
    answer = client.get("/me", headers=headers(provider))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP


def test_cors_inside_does_not_help_and_the_log_says_so(
    provider: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """B10"""
    guard = Middleware(JWTBearerMiddleware.configured(trusted(provider)))
    client = TestClient(Starlette(middleware=[guard, CORS]))
    answer = client.options("/", headers=ASKS)
    assert answer.status_code == 401
    assert "access-control-allow-origin" not in answer.headers
    assert "Add Starlette's CORSMiddleware after JWTBearerMiddleware" in caplog.text
