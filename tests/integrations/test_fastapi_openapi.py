"""The OpenAPI document of a FastAPI application, and what Swagger UI is told."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.security import APIKeyHeader
from starlette.testclient import TestClient
from tests.support.fastapi_app import application, trusted

from asgi_jwks import AccessToken, ConfigurationError
from asgi_jwks.integrations.fastapi import (
    AuthorizationCode,
    JWTBearer,
    OpenIDConnect,
    PastedToken,
)
from asgi_jwks.testing import MockIssuer


@pytest.fixture(scope="module")
def provider() -> MockIssuer:
    return MockIssuer()


@pytest.fixture
def issuer(provider: MockIssuer) -> Iterator[MockIssuer]:
    yield provider
    provider.reset()


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


def test_a_document_that_is_generated_offline_has_the_flow() -> None:
    """A placeholder says where the URL is to be found; what is given is not replaced."""
    login = AuthorizationCode(
        issuer="https://login.example/realms/one",
        token_url="https://login.example/token",
        scopes={"read": "Read"},
    )
    assert schemes(application(JWTBearer(login=login)))["JWTBearer"] == {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": (
                    "https://login.example/realms/one/.well-known/openid-configuration"
                    "#authorization_endpoint"
                ),
                "tokenUrl": "https://login.example/token",
                "scopes": {"read": "Read"},
            }
        },
    }


def test_guarded_operations_document_their_refusals_by_one_schema() -> None:
    bearer = JWTBearer()
    app = FastAPI()
    bearer.attach(app)
    router = APIRouter(prefix="/sub", dependencies=[Depends(bearer)])

    @router.get("/item", responses={403: {"description": "Mine"}})
    async def item() -> None: ...

    @router.get("/other")
    async def other() -> None: ...

    @app.get("/public")
    async def public() -> None: ...

    app.include_router(router)
    document = app.openapi()
    responses = document["paths"]["/sub/item"]["get"]["responses"]
    assert sorted(responses) == ["200", "401", "403", "503"]
    assert responses["403"] == {"description": "Mine"}
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]
    assert "401" not in document["paths"]["/public"]["get"]["responses"]
    reference = {"$ref": "#/components/schemas/AccessTokenRefusal"}
    for path in ("/sub/item", "/sub/other"):
        refusal = document["paths"][path]["get"]["responses"]["401"]
        assert refusal["content"] == {"application/json": {"schema": reference}}
    schema = document["components"]["schemas"]["AccessTokenRefusal"]
    assert schema["required"] == ["error", "error_description"]
    assert app.openapi() is app.openapi()


def test_a_schema_of_the_application_s_own_bodies_promises_nothing(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer), error_body=lambda content: {"message": content.error})
    app = application(bearer)
    bearer.attach(app)
    schema = app.openapi()["components"]["schemas"]["AccessTokenRefusal"]
    assert schema == {"type": "object", "title": "AccessTokenRefusal"}


def test_a_document_without_guarded_operations_is_left_alone() -> None:
    app = FastAPI()
    plain = FastAPI().openapi()
    JWTBearer().attach(app)
    assert app.openapi() == plain


def test_an_operation_that_may_do_without_a_token_says_so() -> None:
    bearer = JWTBearer()
    app = FastAPI()
    bearer.attach(app)

    @app.get("/greeting")
    async def greeting(
        token: Annotated[AccessToken | None, Depends(bearer.optional)],
    ) -> None: ...

    @app.get("/draft")
    async def draft(
        token: Annotated[AccessToken | None, Security(bearer.optional, scopes=["read"])],
    ) -> None: ...

    paths = app.openapi()["paths"]
    assert paths["/greeting"]["get"]["security"] == [{}, {"JWTBearer": []}]
    assert paths["/draft"]["get"]["security"] == [{}, {"JWTBearer": ["read"]}]
    assert "401" in paths["/greeting"]["get"]["responses"]


def test_without_attach_no_invented_scope_is_in_the_document() -> None:
    """K9"""
    bearer = JWTBearer()
    app = FastAPI()
    app.add_api_route("/greeting", lambda: None, dependencies=[Depends(bearer.optional)])
    app.add_api_route("/users", lambda: None, dependencies=[Depends(bearer.requires("users"))])
    document = app.openapi()
    paths = document["paths"]
    assert paths["/greeting"]["get"]["security"] == [{"JWTBearer": []}]
    assert paths["/users"]["get"]["security"] == [{"JWTBearer": ["users"]}]
    assert document["components"]["securitySchemes"].keys() == {"JWTBearer"}


def test_the_scopes_of_a_requirement_stand_in_the_document() -> None:
    bearer = JWTBearer()
    app = FastAPI()

    @app.get("/users", dependencies=[Depends(bearer.requires("users", "read", any_of=["a", "b"]))])
    async def users() -> None: ...

    @app.get("/roles", dependencies=[Depends(bearer.requires(roles="admin"))])
    async def roles() -> None: ...

    paths = app.openapi()["paths"]
    assert paths["/users"]["get"]["security"] == [{"JWTBearer": ["users", "read"]}]
    assert paths["/roles"]["get"]["security"] == [{"JWTBearer": []}]


def test_two_bearers_are_two_schemes_and_both_are_needed(issuer: MockIssuer) -> None:
    user = JWTBearer(trusted(issuer), scheme_name="User")
    service = JWTBearer(trusted(issuer), scheme_name="Service")
    app = FastAPI()
    for bearer in (user, service):
        bearer.attach(app)

    @app.get("/both", dependencies=[Depends(user), Security(service, scopes=["run"])])
    async def both() -> None: ...

    @app.get("/maybe", dependencies=[Depends(user), Depends(service.optional)])
    async def maybe() -> None: ...

    @app.get("/key", dependencies=[Depends(user), Depends(APIKeyHeader(name="x-key"))])
    async def key() -> None: ...

    document = app.openapi()
    assert document["components"]["securitySchemes"].keys() >= {"User", "Service"}
    paths = document["paths"]
    assert paths["/both"]["get"]["security"] == [{"User": [], "Service": ["run"]}]
    assert paths["/maybe"]["get"]["security"] == [{"User": []}, {"User": [], "Service": []}]
    assert paths["/key"]["get"]["security"] == [{"APIKeyHeader": []}, {"User": []}]


@pytest.mark.parametrize("login", ["paste", 5, PastedToken])
def test_a_login_is_one_of_three(login: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"^login must be PastedToken"):
        JWTBearer(login=login)


WRONG: list[tuple[str, Callable[[Any], object], list[Any]]] = [
    ("issuer", lambda wrong: OpenIDConnect(issuer=wrong), ["", None, 5]),
    ("description", lambda wrong: PastedToken(description=wrong), ["", 5]),
    (
        "description",
        lambda wrong: OpenIDConnect(issuer="https://issuer.example/", description=wrong),
        ["", 5],
    ),
    ("issuer", lambda wrong: AuthorizationCode(issuer=wrong), ["", 5]),
    *(
        (
            option,
            lambda wrong, at=option: AuthorizationCode(
                issuer="https://issuer.example/", **{at: wrong}
            ),
            ["", 5],
        )
        for option in ("authorization_url", "token_url", "client_id", "audience", "description")
    ),
    (
        "scopes",
        lambda wrong: AuthorizationCode(issuer="https://issuer.example/", scopes=wrong),
        [None, "a", ["a"], {"a": 1}, {"a b": "x"}, {1: "x"}],
    ),
]


@pytest.mark.parametrize(("option", "make", "wrong"), WRONG)
def test_a_login_tells_a_wrong_argument_by_its_name(
    option: str, make: Callable[[Any], object], wrong: list[Any]
) -> None:
    """A11"""
    for value in wrong:
        with pytest.raises(ConfigurationError, match=rf"^{option} must be"):
            make(value)


@pytest.mark.parametrize("name", ["", None, 5, "my scheme", "Jäger", "a/b"])
def test_a_scheme_has_a_name(name: Any) -> None:
    """A11: one that an OpenAPI document may have."""
    with pytest.raises(ConfigurationError, match=r"^scheme_name "):
        JWTBearer(scheme_name=name)


def test_permissions_stand_beside_scopes_as_in_the_challenge() -> None:
    """K9: a client asks for both in one list; one that is not a scope's name is told in words."""
    bearer = JWTBearer()
    app = FastAPI()
    bearer.attach(app)
    needed = bearer.requires("read", permissions=["read", "delete:user", "löschen"])

    @app.get("/users", dependencies=[Depends(needed)])
    async def users() -> None: ...

    operation = app.openapi()["paths"]["/users"]["get"]
    assert operation["security"] == [{"JWTBearer": ["read", "delete:user"]}]
    assert "löschen" in operation["responses"]["403"]["description"]
