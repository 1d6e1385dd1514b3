"""Authorization per endpoint: `requires`, the typed accessor, and refusals for other frameworks."""

import json
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
    AccessToken,
    ConfigurationError,
    InsufficientScope,
    JWTBearerMiddleware,
    KeySetUnavailable,
    MissingToken,
    Reason,
    StaticJWKSet,
    access_token,
    requires,
)
from asgi_jwks.asgi.challenge import CHALLENGES, Challenges
from asgi_jwks.asgi.guards import RefusalResponse, refusal_of
from asgi_jwks.asgi.identity import Anonymous
from asgi_jwks.testing import MockIssuer


def token(**claims: object) -> AccessToken:
    """A token as if it had been verified, which grants two scopes and a permission."""
    granted = {"scope": "read write", "permissions": ["delete:user"]}
    verified = {"iss": "https://issuer.example/", "exp": 4_000_000_000, **granted, **claims}
    return AccessToken(verified, verified)


def is_staff(access: AccessToken) -> bool:
    return bool(access.claims.get("staff"))


# What a token must grant.


@pytest.mark.parametrize(
    "requirement",
    [
        requires("read"),
        requires("read", "write"),
        requires(any_of=["admin", "write"]),
        requires(any_of="write"),
        requires(permissions=["delete:user"]),
        requires("read", any_of=["write"], permissions=["delete:user"]),
        requires(condition=lambda access: access.claims["scope"] == "read write"),
    ],
    ids=[
        "a scope",
        "two scopes",
        "one of two",
        "one of one",
        "a permission",
        "all of them",
        "a condition",
    ],
)
def test_a_token_that_grants_what_is_required_passes(requirement: Any) -> None:
    requirement.check(token())


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        (requires("admin"), ("admin",)),
        (requires("read", "admin"), ("read", "admin")),
        (requires(any_of=["admin", "root"]), ("admin", "root")),
        (requires(permissions=["create:user"]), ("create:user",)),
        (requires("read", any_of=["read", "x"], permissions=["y"]), ("read", "x", "y")),
        (requires(condition=is_staff), ()),
        (requires("rea"), ("rea",)),
        (requires("read", condition=is_staff), ("read",)),
    ],
    ids=[
        "a scope",
        "one scope of two",
        "none of two",
        "a permission",
        "each name once",
        "a condition",
        "the beginning of a name",
        "a scope without the condition",
    ],
)
def test_a_token_that_grants_too_little_is_told_all_that_is_needed(
    requirement: Any, named: tuple[str, ...]
) -> None:
    """B3: insufficient_scope names the scopes."""
    with pytest.raises(InsufficientScope) as refused:
        requirement.check(token())
    assert refused.value.scopes == named
    assert refused.value.reason is Reason.INSUFFICIENT_SCOPE


def test_what_a_condition_raises_is_the_application_s_own_error() -> None:
    """G10: it is no refusal."""
    with pytest.raises(KeyError):
        requires(condition=lambda access: bool(access.claims["absent"])).check(token())


def test_a_requirement_that_requires_nothing_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="requires nothing"):
        requires()
    with pytest.raises(ConfigurationError, match="requires nothing"):
        requires(any_of=[])


@pytest.mark.parametrize(
    "options", [{"any_of": ["a b"]}, {"permissions": [""]}, {"any_of": "read write"}]
)
def test_names_with_spaces_or_without_letters_are_a_mistake(options: Any) -> None:
    with pytest.raises(ConfigurationError, match="names without spaces"):
        requires(**options)


def test_scopes_are_given_one_by_one() -> None:
    with pytest.raises(ConfigurationError, match="names without spaces"):
        requires("read write")


# The accessor.


def test_the_accessor_reads_a_scope_and_a_connection_alike() -> None:
    verified = token()
    scope = {"type": "http", "headers": [], "auth": verified}
    assert access_token(scope) is verified
    assert access_token(Request(scope)) is verified


def test_the_accessor_converts_the_claims() -> None:
    scope = {"auth": token(user_id="7")}
    assert access_token(scope, lambda claims: int(claims["user_id"])).claims == 7


def test_a_conversion_that_fails_is_the_application_s_own_error() -> None:
    with pytest.raises(KeyError):
        access_token({"auth": token()}, lambda claims: claims["user_id"])


@pytest.mark.parametrize(
    "scope",
    [{}, {"auth": None}, {"auth": "read"}, pytest.param({"auth": Anonymous()}, id="anonymous")],
)
def test_without_a_verified_token_the_accessor_raises(scope: Any) -> None:
    with pytest.raises(LookupError, match="JWTBearerMiddleware"):
        access_token(scope)


def test_an_anonymous_request_lacks_a_token_and_no_scope() -> None:
    with pytest.raises(MissingToken):
        requires("read").check_scope({"auth": Anonymous()})


# Endpoints of Starlette.


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
    assert response.headers["www-authenticate"] == 'Bearer realm="orders"'


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


# Refusals for frameworks of other kinds.


def test_a_refusal_is_worded_by_the_middleware_s_challenges() -> None:
    scope = {"type": "http", "headers": [], CHALLENGES: Challenges(realm="orders")}
    for connection in (scope, Request(scope)):
        refusal = refusal_of(connection, InsufficientScope("read"))
        assert refusal.status == 403
        assert dict(refusal.headers)[b"www-authenticate"].startswith(b'Bearer realm="orders"')


def test_a_refusal_without_the_middleware_has_a_challenge_all_the_same() -> None:
    """B1"""
    refusal = refusal_of({}, MissingToken())
    assert dict(refusal.headers)[b"www-authenticate"] == b'Bearer realm="api"'


def test_keys_that_cannot_be_had_are_no_refusal_of_the_client() -> None:
    """B7"""
    refusal = refusal_of({}, KeySetUnavailable("no keys", retry_after=2.5))
    headers = dict(refusal.headers)
    assert (refusal.status, headers[b"retry-after"]) == (503, b"3")
    assert b"www-authenticate" not in headers
    assert json.loads(refusal.body)["error"] == "temporarily_unavailable"


@pytest.mark.anyio
async def test_a_refusal_can_be_sent_as_a_starlette_response() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any: ...

    response = RefusalResponse(refusal_of({}, MissingToken()))
    await response({"type": "http", "method": "GET"}, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == response.body
