"""Starlette's endpoints behind the middleware, guarded by `requires`, asked as a client asks."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from asgi_jwks import (
    ConfigurationError,
    JWTBearerMiddleware,
    Reason,
    StaticJWKSet,
    access_token,
    requires,
)
from asgi_jwks.testing import MockIssuer


@requires("read")
async def in_loop(request: Request) -> Response:
    return JSONResponse(access_token(request).subject)


@requires("read")
def in_thread(request: Request) -> Response:
    return JSONResponse(access_token(request).subject)


class ByMethod(HTTPEndpoint):
    @requires("read")
    async def get(self, request: Request) -> Response:
        return JSONResponse(access_token(request).subject)

    @requires("admin")
    def delete(self, request: Request) -> Response:
        return JSONResponse(None)


@requires("read")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(access_token(websocket).subject or "")
    await websocket.close()


async def unguarded(request: Request) -> Response:
    return JSONResponse(request.scope["claims"].get("sub"))


@pytest.fixture(scope="module")
def issuer() -> MockIssuer:
    return MockIssuer()


@pytest.fixture(scope="module")
def app(issuer: MockIssuer) -> Any:
    behind = Starlette(routes=[Route("/", unguarded), WebSocketRoute("/socket", socket)])
    api = Starlette(
        routes=[
            Route("/in-loop", in_loop),
            Route("/in-thread", in_thread),
            Route("/by-method", ByMethod),
            WebSocketRoute("/socket", socket),
            Mount("/admin", behind, middleware=[Middleware(requires("admin").around)]),
        ]
    )
    return JWTBearerMiddleware(
        api,
        issuer=issuer.issuer,
        audience=str(issuer.audience),
        keys=StaticJWKSet(issuer.jwk_set()),
        realm="orders",
        allow_anonymous=True,
    )


@pytest.fixture
def client(app: Any, issuer: MockIssuer) -> Callable[..., TestClient]:
    def with_scopes(*scopes: str) -> TestClient:
        bearer = issuer.access_token(scopes=scopes)
        return TestClient(app, headers={"Authorization": f"Bearer {bearer}"})

    return with_scopes


@pytest.mark.parametrize("path", ["/in-loop", "/in-thread", "/by-method"])
def test_a_guarded_endpoint_is_called_when_the_scope_is_granted(path: str, client: Any) -> None:
    response = client("read").get(path)
    assert (response.status_code, response.json()) == (200, "auth0|60c7a9f2b1d3e40069f8a2b7")


@pytest.mark.parametrize("path", ["/in-loop", "/in-thread", "/by-method"])
def test_a_guarded_endpoint_answers_as_the_middleware_does(path: str, client: Any) -> None:
    """B3, B6: its realm, and the scope that is needed."""
    response = client("write").get(path)
    assert response.status_code == 403
    assert response.headers["www-authenticate"] == (
        'Bearer realm="orders", error="insufficient_scope", error_description="'
        f'{Reason.INSUFFICIENT_SCOPE.phrase}", scope="read"'
    )
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["error"] == "insufficient_scope"


def test_methods_of_one_endpoint_may_require_different_scopes(client: Any) -> None:
    assert client("read").delete("/by-method").status_code == 403
    assert client("admin").delete("/by-method").status_code == 200


def test_an_anonymous_request_is_asked_for_a_token(app: Any) -> None:
    """B2: 401, and no error code."""
    response = TestClient(app).get("/in-loop")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="orders", scope="read"'


def test_head_is_refused_without_a_body(client: Any) -> None:
    response = client("write").head("/in-loop")
    assert (response.status_code, response.content) == (403, b"")
    assert int(response.headers["content-length"]) > 0


def test_a_guarded_websocket_is_called_when_the_scope_is_granted(client: Any) -> None:
    with client("read").websocket_connect("/socket") as websocket:
        assert websocket.receive_text() == "auth0|60c7a9f2b1d3e40069f8a2b7"


def test_a_guarded_websocket_is_refused_before_it_is_accepted(client: Any) -> None:
    """C1, C2"""
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client("write").websocket_connect("/socket"),
    ):
        pass
    assert refused.value.status_code == 403


def test_a_mounted_application_is_guarded_as_a_whole(client: Any) -> None:
    assert client("admin").get("/admin/").status_code == 200
    assert client("read").get("/admin/").headers["www-authenticate"].endswith('scope="admin"')
    with (
        pytest.raises(WebSocketDisconnect),
        client("read").websocket_connect("/admin/socket"),
    ):
        pass


@pytest.mark.anyio
async def test_the_lifespan_passes_an_application_that_is_guarded() -> None:
    seen = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await requires("read").around(inner)({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


def test_an_endpoint_without_a_connection_cannot_be_guarded() -> None:
    async def endpoint() -> None: ...

    with pytest.raises(ConfigurationError, match="'request' or 'websocket'"):
        requires("read")(endpoint)


@pytest.mark.anyio
async def test_an_endpoint_that_is_called_without_its_connection_says_so() -> None:
    guarded: Callable[..., Awaitable[Any]] = requires("read")(in_loop)
    with pytest.raises(TypeError, match="without a Starlette Request"):
        await guarded(request=None)
