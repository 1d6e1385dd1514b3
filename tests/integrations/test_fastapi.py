"""FastAPI: the dependency by itself; that it answers as the middleware does, the matrix shows."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security, WebSocket
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    ConfigurationError,
    InsufficientScope,
    JWTBearerMiddleware,
    KeySetUnavailable,
    StaticJWKSet,
    TrustedIssuer,
    WebSocketSubprotocol,
)
from asgi_jwks.integrations.fastapi import (
    AuthorizationCode,
    JWTBearer,
    OpenIDConnect,
    PastedToken,
)
from asgi_jwks.testing import MockIssuer

SUBJECT = "auth0|60c7a9f2b1d3e40069f8a2b7"


@pytest.fixture(scope="module")
def provider() -> MockIssuer:
    return MockIssuer()


@pytest.fixture
def issuer(provider: MockIssuer) -> Iterator[MockIssuer]:
    yield provider
    provider.reset()


def trusted(issuer: MockIssuer, **options: Any) -> TrustedIssuer:
    return TrustedIssuer(
        issuer=issuer.issuer,
        audience=str(issuer.audience),
        http_client=issuer.http_client(),
        **options,
    )


def headers(issuer: MockIssuer, **token: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.access_token(**token)}"}


def application(bearer: JWTBearer) -> FastAPI:
    app = FastAPI()

    @app.get("/me")
    async def me(token: Annotated[AccessToken, Depends(bearer)]) -> Any:
        return token.subject

    @app.get("/read")
    async def read(token: Annotated[AccessToken, Security(bearer, scopes=["read"])]) -> Any:
        return token.subject

    @app.get("/public")
    async def public() -> str:
        return "public"

    @app.websocket("/socket")
    async def socket(
        websocket: WebSocket, token: Annotated[AccessToken, Security(bearer, scopes=["read"])]
    ) -> None:
        await websocket.accept("bearer" if websocket["subprotocols"] else None)
        await websocket.send_text(token.subject or "")
        await websocket.close()

    return app


# One line less: `attach` is forgotten.


def test_without_attach_the_status_and_the_challenge_are_right(issuer: MockIssuer) -> None:
    """B1, B3: only the body is FastAPI's."""
    client = TestClient(application(JWTBearer(trusted(issuer), realm="orders")))
    nobody = client.get("/me")
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == 'Bearer realm="orders"'
    assert nobody.headers["cache-control"] == "no-store"
    assert nobody.json() == {"detail": "A Bearer access token is required"}
    little = client.get("/read", headers=headers(issuer))
    assert little.status_code == 403
    assert little.headers["www-authenticate"].endswith('scope="read"')


def test_without_attach_an_outage_is_503_as_well(issuer: MockIssuer) -> None:
    """B7"""
    issuer.jwks.fail(status=500)
    client = TestClient(application(JWTBearer(trusted(issuer))))
    response = client.get("/me", headers=headers(issuer))
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) >= 1
    assert "www-authenticate" not in response.headers


def test_without_attach_a_websocket_is_closed(issuer: MockIssuer) -> None:
    """C1, C2"""
    client = TestClient(application(JWTBearer(trusted(issuer))))
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/socket"):
        pass
    assert refused.value.code == 1008


# Who verifies.


def test_the_middleware_s_verdict_is_taken_and_nothing_is_verified_twice(
    issuer: MockIssuer,
) -> None:
    verdicts = []

    def count(token: AccessToken) -> bool:
        verdicts.append(token)
        return True

    app = application(JWTBearer())
    verifier = AccessTokenVerifier([trusted(issuer, checks=[count])])
    app.add_middleware(JWTBearerMiddleware, verifier=verifier)
    response = TestClient(app).get("/read", headers=headers(issuer, scopes="read"))
    assert response.json() == SUBJECT
    assert len(verdicts) == 1


def test_dependencies_of_one_request_share_one_verification(issuer: MockIssuer) -> None:
    verdicts = []

    def count(token: AccessToken) -> bool:
        verdicts.append(token)
        return True

    bearer = JWTBearer(trusted(issuer, checks=[count]))
    app = FastAPI(dependencies=[Depends(bearer), Security(bearer, scopes=["read"])])

    @app.get("/me")
    async def me(
        request: Request, token: Annotated[AccessToken, Security(bearer, scopes=["write"])]
    ) -> bool:
        return request.auth is token

    response = TestClient(app).get("/me", headers=headers(issuer, scopes="read write"))
    assert response.json() is True
    assert len(verdicts) == 1


def test_rules_of_its_own_hold_whatever_the_middleware_accepted(issuer: MockIssuer) -> None:
    """A token for one API does not pass at another that is mounted behind it."""
    strict = TrustedIssuer(
        issuer=issuer.issuer, audience="other", keys=StaticJWKSet(issuer.jwk_set())
    )
    app = application(JWTBearer(strict))
    app.add_middleware(JWTBearerMiddleware, verifier=AccessTokenVerifier([trusted(issuer)]))
    response = TestClient(app).get("/me", headers=headers(issuer))
    assert response.status_code == 401
    assert "not for this resource server" in response.headers["www-authenticate"]


def test_an_anonymous_request_that_the_middleware_let_through_is_refused(
    issuer: MockIssuer,
) -> None:
    bearer = JWTBearer()
    app = application(bearer)
    bearer.attach(app)
    app.add_middleware(
        JWTBearerMiddleware,
        verifier=AccessTokenVerifier([trusted(issuer)]),
        realm="orders",
        allow_anonymous=True,
    )
    client = TestClient(app)
    assert client.get("/public").status_code == 200
    assert client.get("/me").headers["www-authenticate"] == 'Bearer realm="orders"'


def test_neither_issuer_nor_middleware_is_a_fault_that_is_told() -> None:
    """And no open door."""
    with pytest.raises(LookupError, match="JWTBearerMiddleware"):
        TestClient(application(JWTBearer())).get("/me")


def test_a_verifier_serves_as_well_as_issuers(issuer: MockIssuer) -> None:
    bearer = JWTBearer(verifier=AccessTokenVerifier([trusted(issuer)]))
    assert TestClient(application(bearer)).get("/me", headers=headers(issuer)).json() == SUBJECT


def test_issuers_and_a_verifier_at_once_are_a_mistake(issuer: MockIssuer) -> None:
    one = trusted(issuer)
    with pytest.raises(ConfigurationError, match="not both"):
        JWTBearer(one, verifier=AccessTokenVerifier([one]))


def test_a_websocket_may_bring_its_token_as_a_subprotocol(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer), token_sources=[WebSocketSubprotocol()])
    client = TestClient(application(bearer))
    subprotocols = ["bearer", issuer.access_token(scopes="read")]
    with client.websocket_connect("/socket", subprotocols) as websocket:
        assert websocket.accepted_subprotocol == "bearer"
        assert websocket.receive_text() == SUBJECT


def test_a_test_puts_a_token_in_place_of_the_dependency() -> None:
    """One stable callable: whatever scopes a route asks for."""
    bearer = JWTBearer()
    app = application(bearer)
    claims = {"iss": "https://issuer.example/", "sub": "me", "exp": 4_000_000_000}
    app.dependency_overrides[bearer] = lambda: AccessToken(claims, claims)
    client = TestClient(app)
    assert [client.get(path).json() for path in ("/me", "/read")] == ["me", "me"]


# Where a token is optional.


@pytest.mark.parametrize("where", ["dependency", "middleware"])
def test_a_route_may_do_without_a_token_but_not_with_an_invalid_one(
    issuer: MockIssuer, where: str
) -> None:
    """A6"""
    app = FastAPI()
    bearer = JWTBearer(trusted(issuer)) if where == "dependency" else JWTBearer()
    bearer.attach(app)
    if where == "middleware":
        verifier = AccessTokenVerifier([trusted(issuer)])
        app.add_middleware(JWTBearerMiddleware, verifier=verifier, allow_anonymous=True)

    @app.get("/greeting")
    async def greeting(token: Annotated[AccessToken | None, Depends(bearer.optional)]) -> Any:
        return None if token is None else token.subject

    client = TestClient(app)
    assert client.get("/greeting").json() is None
    assert client.get("/greeting", headers=headers(issuer)).json() == SUBJECT
    expired = client.get("/greeting", headers=headers(issuer, lifetime=-60))
    assert expired.status_code == 401
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]


# Requirements.


def test_a_requirement_is_a_dependency(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer))
    app = FastAPI()
    bearer.attach(app)
    deletes = Annotated[
        AccessToken,
        Depends(bearer.requires("users", any_of=["admin", "root"], permissions=["delete:user"])),
    ]

    @app.delete("/user")
    async def delete_user(token: deletes) -> Any:
        return token.subject

    client = TestClient(app)
    allowed = headers(issuer, scopes="users root", permissions=["delete:user"])
    assert client.delete("/user", headers=allowed).json() == SUBJECT
    refused = client.delete("/user", headers=headers(issuer, scopes="users root"))
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"].endswith('scope="users admin root delete:user"')
    operation = app.openapi()["paths"]["/user"]["delete"]
    assert operation["security"] == [{"JWTBearer": ["users"]}]


def test_a_requirement_that_requires_nothing_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="requires nothing"):
        JWTBearer().requires()


# What `attach` adds.


def test_errors_that_endpoints_raise_are_answered_too(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer), realm="orders")
    app = application(bearer)
    bearer.attach(app)

    @app.get("/mine", dependencies=[Depends(bearer)])
    async def mine() -> None:
        raise InsufficientScope("everything")

    @app.get("/down")
    async def down() -> None:
        raise KeySetUnavailable("no keys", retry_after=7)

    client = TestClient(app)
    refused = client.get("/mine", headers=headers(issuer))
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"].startswith('Bearer realm="orders", error="ins')
    assert client.get("/down").headers["retry-after"] == "7"


def test_a_websocket_that_is_open_already_is_closed(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer))
    app = FastAPI()
    bearer.attach(app)

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        raise InsufficientScope("everything")

    client = TestClient(app)
    with client.websocket_connect("/socket") as websocket:
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_text()
        assert closed.value.code == 1008


def test_a_refused_websocket_gets_the_refusal_itself(issuer: MockIssuer) -> None:
    """C2"""
    bearer = JWTBearer(trusted(issuer))
    app = application(bearer)
    bearer.attach(app)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        TestClient(app).websocket_connect("/socket", headers=headers(issuer)),
    ):
        pass
    assert refused.value.status_code == 403
    assert refused.value.json()["error"] == "insufficient_scope"


def test_head_is_refused_without_a_body(issuer: MockIssuer) -> None:
    """B6"""
    bearer = JWTBearer(trusted(issuer))
    app = FastAPI()
    bearer.attach(app)

    @app.head("/me", dependencies=[Depends(bearer)])
    async def me() -> None: ...

    response = TestClient(app).head("/me")
    assert (response.status_code, response.content) == (401, b"")
    assert int(response.headers["content-length"]) > 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_dependency_runs_on_either_event_loop(issuer: MockIssuer, backend: Any) -> None:
    """F15: keys are kept fresh on it too, and nothing is left behind."""
    bearer = JWTBearer(trusted(issuer))
    app = application(bearer)
    bearer.attach(app)
    with TestClient(app, backend=backend) as client:
        assert client.get("/me", headers=headers(issuer)).json() == SUBJECT


def test_keys_are_fetched_at_start_up_and_the_application_s_own_lifespan_runs(
    issuer: MockIssuer,
) -> None:
    """C4"""
    bearer = JWTBearer(trusted(issuer))
    steps = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        steps.append("start")
        yield {"pool": "open"}
        steps.append("stop")

    app = FastAPI(lifespan=lifespan)
    bearer.attach(app)

    @app.get("/pool")
    async def pool(request: Request) -> Any:
        return request.state.pool

    with TestClient(app) as client:
        assert issuer.jwks.count == 1
        assert client.get("/pool").json() == "open"
    assert steps == ["start", "stop"]


def test_an_endpoint_that_is_down_does_not_stop_the_start(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """C4"""
    issuer.jwks.fail(status=500)
    bearer = JWTBearer(trusted(issuer))
    app = application(bearer)
    bearer.attach(app)
    with TestClient(app) as client:
        assert client.get("/public").status_code == 200
    assert "starting without the issuer's keys" in caplog.text


def test_behind_the_middleware_there_are_no_keys_to_fetch(issuer: MockIssuer) -> None:
    bearer = JWTBearer()
    app = application(bearer)
    bearer.attach(app)
    with TestClient(app) as client:
        assert client.get("/public").status_code == 200
    assert issuer.jwks.count == 0


# The OpenAPI document.


def schemes(app: FastAPI) -> Any:
    return app.openapi()["components"]["securitySchemes"]


def test_guarded_operations_have_the_padlock_and_others_have_none() -> None:
    paths = application(JWTBearer(scheme_name="Token")).openapi()["paths"]
    assert paths["/me"]["get"]["security"] == [{"Token": []}]
    assert paths["/read"]["get"]["security"] == [{"Token": ["read"]}]
    assert "security" not in paths["/public"]["get"]


def test_a_token_is_pasted_unless_a_login_is_described() -> None:
    assert schemes(application(JWTBearer())) == {
        "JWTBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    described = application(JWTBearer(login=PastedToken(description="From your account page.")))
    assert schemes(described)["JWTBearer"]["description"] == "From your account page."


def test_open_id_connect_names_the_issuer_s_metadata() -> None:
    bearer = JWTBearer(login=OpenIDConnect(issuer="https://example.eu.auth0.com/"))
    app = application(bearer)
    bearer.attach(app)
    with TestClient(app):
        assert schemes(app)["JWTBearer"] == {
            "type": "openIdConnect",
            "openIdConnectUrl": ("https://example.eu.auth0.com/.well-known/openid-configuration"),
        }
    assert app.swagger_ui_init_oauth is None


def test_the_urls_of_the_authorization_code_grant_may_be_given() -> None:
    login = AuthorizationCode(
        authorization_url="https://login.example/authorize",
        token_url="https://login.example/token",
        scopes={"read": "Read your messages"},
    )
    bearer = JWTBearer(login=login)
    app = application(bearer)
    bearer.attach(app)
    with TestClient(app):
        assert schemes(app)["JWTBearer"]["flows"] == {
            "authorizationCode": {
                "authorizationUrl": "https://login.example/authorize",
                "tokenUrl": "https://login.example/token",
                "scopes": {"read": "Read your messages"},
            }
        }


def test_the_urls_of_the_authorization_code_grant_are_discovered_at_start_up(
    issuer: MockIssuer,
) -> None:
    login = AuthorizationCode(issuer=issuer.issuer, http_client=issuer.http_client())
    bearer = JWTBearer(login=login)
    app = application(bearer)
    bearer.attach(app)
    assert schemes(app)["JWTBearer"]["type"] == "http"
    with TestClient(app):
        assert schemes(app)["JWTBearer"]["flows"]["authorizationCode"] == {
            "authorizationUrl": f"{issuer.issuer}authorize",
            "tokenUrl": f"{issuer.issuer}oauth/token",
            "scopes": {},
        }


@pytest.mark.parametrize("fault", ["down", "incomplete"])
def test_a_discovery_that_fails_leaves_the_token_to_be_pasted(
    issuer: MockIssuer, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    if fault == "down":
        issuer.discovery.fail(status=500)
    login = AuthorizationCode(issuer=issuer.issuer, http_client=issuer.http_client())
    bearer = JWTBearer(login=login)
    app = application(bearer)
    bearer.attach(app)
    if fault == "incomplete":
        metadata = {"issuer": issuer.issuer, "jwks_uri": issuer.jwks_uri}
        issuer.discovery.document(metadata)
    with TestClient(app) as client:
        assert client.get("/public").status_code == 200
    assert schemes(app)["JWTBearer"]["type"] == "http"
    assert "cannot offer to log in" in caplog.text


def test_a_login_that_is_nowhere_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="needs issuer"):
        AuthorizationCode(token_url="https://login.example/token")


def test_a_url_that_is_given_is_not_discovered(issuer: MockIssuer) -> None:
    login = AuthorizationCode(
        issuer=issuer.issuer,
        http_client=issuer.http_client(),
        token_url="https://login.example/token",
    )
    bearer = JWTBearer(login=login)
    app = application(bearer)
    bearer.attach(app)
    with TestClient(app):
        flow = schemes(app)["JWTBearer"]["flows"]["authorizationCode"]
    assert flow["tokenUrl"] == "https://login.example/token"
    assert flow["authorizationUrl"] == f"{issuer.issuer}authorize"


def test_swagger_ui_is_told_which_client_it_is_and_uses_pkce() -> None:
    login = AuthorizationCode(
        issuer="https://example.eu.auth0.com/",
        client_id="swagger",
        audience="https://api.example.com",
        scopes={"read": "Read", "write": "Write"},
    )
    app = FastAPI()
    JWTBearer(login=login).attach(app)
    assert app.swagger_ui_init_oauth == {
        "clientId": "swagger",
        "scopes": "read write",
        "usePkceWithAuthorizationCodeGrant": True,
        "additionalQueryStringParams": {"audience": "https://api.example.com"},
    }
    assert '"clientId": "swagger"' in TestClient(app).get("/docs").text


def test_swagger_ui_s_own_settings_are_left_alone() -> None:
    app = FastAPI(swagger_ui_init_oauth={"clientId": "mine"})
    login = AuthorizationCode(issuer="https://example.eu.auth0.com/", client_id="other")
    JWTBearer(login=login).attach(app)
    assert app.swagger_ui_init_oauth == {"clientId": "mine"}


def test_guarded_operations_document_their_refusals() -> None:
    bearer = JWTBearer()
    app = FastAPI()
    bearer.attach(app)
    router = APIRouter(prefix="/sub", dependencies=[Depends(bearer)])

    @router.get("/item", responses={403: {"description": "Mine"}})
    async def item() -> None: ...

    @app.get("/public")
    async def public() -> None: ...

    app.include_router(router)
    paths = app.openapi()["paths"]
    responses = paths["/sub/item"]["get"]["responses"]
    assert sorted(responses) == ["200", "401", "403", "503"]
    assert responses["403"] == {"description": "Mine"}
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]
    assert "401" not in paths["/public"]["get"]["responses"]
    assert app.openapi() is app.openapi()


def test_nothing_is_logged_at_info_for_a_request(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "asgi_jwks.requests")
    TestClient(application(JWTBearer(trusted(issuer)))).get("/me")
    assert [r for r in caplog.records if r.name == "asgi_jwks.requests"] == []
