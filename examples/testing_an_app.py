"""Testing an application: real tokens, no network, no account, no server.

What differs from `minimal.py`: the application is made by a function, to which the tests give a
mock issuer. The fixtures come with the package. Run it with `pytest examples/testing_an_app.py`.
"""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, requires
from asgi_jwks.testing import MockIssuer

Headers = Callable[..., dict[str, str]]


@requires("read:messages")
async def messages(request: Request) -> JSONResponse:
    return JSONResponse([f"You have no messages, {request.user.identity}."])


def create_app(**options: Any) -> JWTBearerMiddleware:
    """In production the options are the provider's; see `environment.py`."""
    return JWTBearerMiddleware(Starlette(routes=[Route("/messages", messages)]), **options)


@pytest.fixture
def client(jwks_issuer: MockIssuer) -> TestClient:
    app = create_app(
        issuer=jwks_issuer.issuer,
        audience=jwks_issuer.audience,
        http_client=jwks_issuer.http_client(),
    )
    return TestClient(app)


def test_messages_need_a_token(client: TestClient) -> None:
    assert client.get("/messages").status_code == 401


def test_messages_need_the_scope(client: TestClient, jwks_auth_headers: Headers) -> None:
    assert client.get("/messages", headers=jwks_auth_headers()).status_code == 403
    allowed = jwks_auth_headers(scopes="read:messages")
    assert client.get("/messages", headers=allowed).status_code == 200


def test_an_expired_token_is_refused(client: TestClient, jwks_auth_headers: Headers) -> None:
    expired = jwks_auth_headers(scopes="read:messages", lifetime=-60)
    assert client.get("/messages", headers=expired).status_code == 401


def test_an_outage_of_the_provider_is_not_the_client_s_fault(
    client: TestClient, jwks_issuer: MockIssuer, jwks_auth_headers: Headers
) -> None:
    jwks_issuer.jwks.fail(status=500)
    assert client.get("/messages", headers=jwks_auth_headers()).status_code == 503
