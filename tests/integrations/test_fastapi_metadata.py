"""FastAPI: the OpenAPI document, the metadata and the challenge of a route say the same."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security
from starlette.testclient import TestClient
from tests.asgi.conftest import parse_challenges
from tests.support.fastapi_app import headers, trusted

from asgi_jwks import (
    AccessToken,
    ConfigurationError,
    JWTBearerMiddleware,
    ProtectedResourceMetadata,
    Requirement,
)
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer

BASE = "https://api.example.com"
RESOURCE = f"{BASE}/orders"
METADATA = f"{BASE}/.well-known/oauth-protected-resource/orders"
PAY = Requirement(
    "orders:pay", any_of=["card", "transfer"], roles="cashier", acr="mfa", max_age=300
)


@pytest.fixture(scope="module")
def issuer() -> MockIssuer:
    return MockIssuer()


def shop(bearer: JWTBearer) -> FastAPI:
    app = FastAPI()
    router = APIRouter(prefix="/orders", dependencies=[Security(bearer, scopes=["orders"])])

    @router.post("/payment")
    async def pay(token: Annotated[AccessToken, Depends(bearer.requires(PAY))]) -> Any:
        return token.subject

    @router.get("/list", dependencies=[Depends(bearer.requires("orders:list"))])
    async def listed() -> None: ...

    app.include_router(router)
    return app


def test_one_declaration_drives_all_of_them(issuer: MockIssuer) -> None:
    """K4, K5, K6, K9: side by side, for one route."""
    bearer = JWTBearer(trusted(issuer), resource=RESOURCE, requires="api")
    app = shop(bearer)
    bearer.attach(app)
    client = TestClient(app, base_url=BASE)

    refused = client.post("/orders/payment")
    assert refused.status_code == 401
    [(_, parameters)] = parse_challenges(refused.headers["www-authenticate"])
    assert parameters["resource_metadata"] == METADATA
    assert sorted(parameters["scope"].split()) == [
        *("api", "card", "orders", "orders:pay", "transfer"),
    ]

    metadata = client.get(METADATA).json()
    assert metadata["resource"] == RESOURCE
    assert metadata["authorization_servers"] == [issuer.issuer]
    assert set(metadata["scopes_supported"]) == {*parameters["scope"].split(), "orders:list"}
    assert client.options(METADATA).status_code == 204

    operation = client.get("/openapi.json").json()["paths"]["/orders/payment"]["post"]
    alternatives = [set(needed["JWTBearer"]) for needed in operation["security"]]
    assert alternatives == [
        {"orders", "api", "orders:pay", "card"},
        {"orders", "api", "orders:pay", "transfer"},
    ]
    assert operation["responses"]["401"]["description"] == (
        "No valid access token, or not the login that is needed"
    )
    assert operation["responses"]["403"]["description"] == (
        "The access token does not grant what this request needs: the scopes api, orders:pay; one "
        "of the scopes card, transfer; the role cashier; a login by mfa; a login at most 300 s ago"
    )

    scopes = "api orders orders:pay card"
    weak = client.post("/orders/payment", headers=headers(issuer, scopes=scopes))
    [(_, parameters)] = parse_challenges(weak.headers["www-authenticate"])
    assert (weak.status_code, parameters["acr_values"], parameters["max_age"]) == (
        *(401, "mfa", "300"),
    )
    login = {"acr": "mfa", "auth_time": int(issuer.clock())}
    good = headers(issuer, scopes=scopes, roles=["cashier"], **login)
    assert client.post("/orders/payment", headers=good).status_code == 200
    poor = client.post("/orders/payment", headers=headers(issuer, scopes=scopes, **login))
    assert poor.status_code == 403


def test_the_needs_of_every_request_are_those_of_every_dependency(issuer: MockIssuer) -> None:
    """K9: whichever way the bearer is asked; a token that is absent may be."""
    bearer = JWTBearer(trusted(issuer), requires="api", implied_scopes={"all": ["api", "x"]})
    app = FastAPI()
    app.add_api_route("/plain", lambda: None, dependencies=[Depends(bearer)])
    app.add_api_route("/scoped", lambda: None, dependencies=[Security(bearer, scopes=["x"])])
    app.add_api_route("/more", lambda: None, dependencies=[Depends(bearer.requires("x"))])
    app.add_api_route("/maybe", lambda: None, dependencies=[Depends(bearer.optional)])
    client = TestClient(app)
    for path in ("/plain", "/scoped", "/more", "/maybe"):
        assert client.get(path, headers=headers(issuer, scopes="x")).status_code == 403, path
        assert client.get(path, headers=headers(issuer, scopes="x api")).status_code == 200
        assert client.get(path, headers=headers(issuer, scopes="all")).status_code == 200
        assert client.get(path).status_code == (200 if path == "/maybe" else 401)


def test_needs_that_no_token_could_meet_are_told_where_they_are_declared(
    issuer: MockIssuer,
) -> None:
    """K9"""
    bearer = JWTBearer(trusted(issuer), requires=Requirement(acr="mfa"))
    with pytest.raises(ConfigurationError, match="no token can meet both acr="):
        bearer.requires(acr="phr")


def test_behind_the_middleware_its_resource_and_implied_scopes_count(issuer: MockIssuer) -> None:
    """K5, K6, K7: and the 401 of the middleware names the needs of FastAPI's routes."""
    bearer = JWTBearer()
    app = JWTBearerMiddleware(
        shop(bearer),
        trusted(issuer),
        resource=RESOURCE,
        implied_scopes={"orders:admin": ["orders", "orders:list"]},
    )
    client = TestClient(app, base_url=BASE)
    refused = client.get("/orders/list").headers["www-authenticate"]
    assert f'resource_metadata="{METADATA}"' in refused
    assert set(refused.split('scope="')[1].rstrip('"').split()) == {"orders", "orders:list"}
    assert client.get(METADATA).json()["scopes_supported"] == [
        *("orders", "orders:pay", "card", "transfer", "orders:list"),
    ]
    admin = headers(issuer, scopes="orders:admin")
    assert client.get("/orders/list", headers=admin).status_code == 200
    little = client.get("/orders/list", headers=headers(issuer, scopes="orders"))
    assert little.status_code == 403
    assert f'resource_metadata="{METADATA}"' in little.headers["www-authenticate"]


def test_two_bearers_declare_their_own(issuer: MockIssuer) -> None:
    """A11: a start looks at the scopes of each by itself."""
    one = JWTBearer(trusted(issuer), scheme_name="One")
    two = JWTBearer(trusted(issuer), scheme_name="Two")
    app = FastAPI()
    for bearer, scope in ((one, "x"), (two, "y")):
        app.add_api_route(
            f"/{scope}", lambda: None, dependencies=[Security(bearer, scopes=[scope])]
        )
        needs = [Depends(bearer.requires("r")), Depends(bearer.requires("s", any_of=list("abcde")))]
        app.add_api_route(f"/{scope}/more", lambda: None, dependencies=needs)
        bearer.attach(app)
    with TestClient(app) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert paths["/x/more"]["get"]["security"] == [{"One": ["r", "s", name]} for name in "abcde"]
    assert paths["/y"]["get"]["security"] == [{"Two": ["y"]}]


def test_alternatives_beyond_a_reader_s_patience_are_told_in_words() -> None:
    """K9"""
    bearer = JWTBearer()
    many = [f"s{number}" for number in range(17)]
    app = FastAPI()
    app.add_api_route("/x", lambda: None, dependencies=[Depends(bearer.requires(any_of=many))])
    bearer.attach(app)
    operation = app.openapi()["paths"]["/x"]["get"]
    assert operation["security"] == [{"JWTBearer": []}]
    assert "one of the scopes s0, s1, " in operation["responses"]["403"]["description"]


def test_metadata_that_nobody_serves_are_told_once(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """P4: metadata that 404."""
    bearer = JWTBearer(trusted(issuer), resource=RESOURCE)
    app = shop(bearer)
    client = TestClient(app, base_url=BASE)
    for _ in range(2):
        assert METADATA in client.get("/orders/list").headers["www-authenticate"]
    assert client.get(METADATA).status_code == 404
    told = [r for r in caplog.records if "bearer.attach(app)" in r.getMessage()]
    assert len(told) == 1
    around = TestClient(ProtectedResourceMetadata(app, bearer), base_url=BASE)
    assert around.get(METADATA).json()["resource"] == RESOURCE
