"""The needs that routes of Litestar, Quart and Django declare, in challenges and metadata."""

import gc
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from tests.support.trusted import ISSUER

from asgi_jwks import (
    ConfigurationError,
    InsufficientScope,
    JWTBearerMiddleware,
    StaticJWKSet,
    TrustedIssuer,
    access_token,
    requires,
)
from asgi_jwks.testing import MockIssuer

RESOURCE = "https://testserver"
WELL_KNOWN = "/.well-known/oauth-protected-resource"


def guarded(app: Any, **options: Any) -> TestClient:
    trusted = TrustedIssuer(
        issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(ISSUER.jwk_set())
    )
    middleware = JWTBearerMiddleware(app, trusted, resource=RESOURCE, **options)
    return TestClient(middleware, base_url=RESOURCE, raise_server_exceptions=False)


def bearer(scopes: str = "") -> dict[str, str]:
    return {"authorization": f"Bearer {ISSUER.access_token(scopes=scopes)}"}


def named(answer: Any) -> str | None:
    """The scopes that a challenge names."""
    challenge: str = answer.headers.get("www-authenticate", "")
    return challenge.rpartition(' scope="')[2].rstrip('"') if " scope=" in challenge else None


def supported(client: TestClient) -> list[str]:
    scopes: list[str] = client.get(WELL_KNOWN).json().get("scopes_supported", [])
    return sorted(scopes)


async def async_condition(token: Any) -> bool:
    return bool(token.subject != "nobody")


@pytest.fixture
def litestar() -> TestClient:
    pytest.importorskip("litestar", reason="litestar is in the group `frameworks`")
    import litestar
    from litestar.middleware import DefineMiddleware

    @litestar.get("/free/{number:int}")
    async def free() -> str:
        return "x"

    @litestar.get("/read", middleware=[requires("read").around])
    async def read() -> str:
        return "x"

    @litestar.post("/read", middleware=[DefineMiddleware(requires("write").around)])
    async def write() -> str:
        return "x"

    class Items(litestar.Controller):
        path = "/items"
        middleware = (requires("items").around,)

        @litestar.get("/{number:int}", middleware=[requires("items:read").around])
        async def item(self) -> str:
            return "x"

    router = litestar.Router(
        "/admin", route_handlers=[Items], middleware=[requires("admin").around]
    )
    return guarded(
        litestar.Litestar(
            [free, read, write, router], middleware=[lambda app: app], logging_config=None
        )
    )


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "/read", "read"),
        ("GET", "//read/", "read"),
        ("POST", "/read", "write"),
        ("PUT", "/read", None),
        ("GET", "/free/5", None),
        ("GET", "/nowhere", None),
        ("GET", "/admin/items/5", "admin items items:read"),
        ("GET", "/admin/items/x", None),
    ],
)
def test_litestar_s_routes_name_their_needs(
    litestar: TestClient, method: str, path: str, scopes: str | None
) -> None:
    """K6, K9: from the application's middleware to the handler's."""
    url = f"{RESOURCE}{path}"
    refused = litestar.request(method, url)
    assert (refused.status_code, named(refused)) == (401, scopes)
    if scopes:
        first = litestar.request(method, url, headers=bearer())
        assert (first.status_code, named(first)) == (403, scopes)
        assert litestar.request(method, url, headers=bearer(scopes)).is_success


def test_litestar_s_metadata_name_all_scopes(litestar: TestClient) -> None:
    """K4"""
    assert supported(litestar) == ["admin", "items", "items:read", "read", "write"]


ELSEWHERE = "https://other.example/"
# Each framework refuses to be guarded, by the place of the route.
IMPOSSIBLE = rf"the route {{}} demands a token of '{ELSEWHERE}'"


def test_a_route_of_litestar_that_no_token_could_open_is_a_mistake() -> None:
    """K9"""
    pytest.importorskip("litestar", reason="litestar is in the group `frameworks`")
    import litestar

    @litestar.get("/x", middleware=[requires(issuer=ELSEWHERE).around])
    async def x() -> str:
        return "x"

    app = litestar.Litestar([x], logging_config=None)
    with pytest.raises(ConfigurationError, match=IMPOSSIBLE.format("/x")):
        guarded(app)


def test_a_guard_above_the_route_of_quart_stops_the_start() -> None:
    """G10: the view would be open, since the route has it without the guard."""
    pytest.importorskip("quart", reason="quart is in the group `frameworks`")
    import quart

    from asgi_jwks.integrations.quart import requires as guarding

    app = quart.Quart(__name__)

    @guarding("read")
    @app.get("/x")
    async def x() -> str:
        return "x"

    # A factory leaves the name to nobody.
    del x
    gc.collect()
    with pytest.raises(ConfigurationError, match=r"x is guarded .* below the decorator"):
        guarded(app)


@pytest.mark.anyio
async def test_the_middleware_stands_within_quart_and_its_own_test_client_works(
    anyio_backend: str, jwks_issuer_of: Callable[[Any], MockIssuer]
) -> None:
    """Issue 11: `app.asgi_app = ...`, as Quart's documentation has it."""
    if anyio_backend == "trio":
        pytest.skip("Quart is of asyncio")
    pytest.importorskip("quart", reason="quart is in the group `frameworks`")
    import quart

    from asgi_jwks.integrations.quart import requires as guarding

    app = quart.Quart(__name__)

    @app.get("/x")
    @guarding("read")
    async def x() -> str:
        return access_token(quart.request).subject or ""

    within: Any = app
    within.asgi_app = JWTBearerMiddleware(
        app.asgi_app, issuer="https://example.eu.auth0.com/", audience="https://api.example.com"
    )
    issuer, client = jwks_issuer_of(app), app.test_client()
    refused = await client.get("/x")
    assert (refused.status_code, named(refused)) == (401, "read")
    granted = await client.get("/x", headers=issuer.auth_headers(scopes="read", sub="ada"))
    assert await granted.get_data(as_text=True) == "ada"


def test_only_an_application_of_quart_has_refusals_answered() -> None:
    """A11"""
    pytest.importorskip("quart", reason="quart is in the group `frameworks`")
    from asgi_jwks.integrations.quart import answer_refusals

    wrong: Any = "app"
    with pytest.raises(ConfigurationError, match="is for a Quart application; got 'app'"):
        answer_refusals(wrong)


@pytest.fixture
def quart_app() -> Any:
    pytest.importorskip("quart", reason="quart is in the group `frameworks`")
    from quart import Blueprint, Quart, websocket
    from quart.views import MethodView

    from asgi_jwks.integrations.quart import answer_refusals
    from asgi_jwks.integrations.quart import requires as guard

    app = Quart(__name__)
    answer_refusals(app)

    @app.get("/read")
    @guard("read")
    @guard(any_of=["a", "b"], condition=async_condition)
    def read() -> str:
        return "x"

    @app.get("/raises")
    async def raises() -> str:
        raise InsufficientScope("raised")

    @app.websocket("/raises")
    async def raises_too() -> None:
        raise InsufficientScope("raised")

    @app.websocket("/listen")
    @guard("listen")
    async def listen() -> None:
        await websocket.send("x")

    class Items(MethodView):
        @guard("items:read")
        async def get(self, number: int) -> str:
            return str(number)

        @guard("items:write")
        async def post(self, number: int) -> str:
            return str(number)

    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.add_url_rule("/items/<int:number>", view_func=Items.as_view("items"))
    app.register_blueprint(shop)
    return app


@pytest.mark.parametrize(
    ("method", "path", "scopes", "enough"),
    [
        ("GET", "/read", "read a b", "read b"),
        ("HEAD", "/read", "read a b", "read b"),
        ("GET", "/shop/items/5", "items:read", "items:read"),
        ("POST", "/shop/items/5", "items:write", "items:write"),
        ("GET", "/shop/items/x", None, None),
        ("PUT", "/shop/items/5", None, None),
        ("GET", "/nowhere", None, None),
    ],
)
def test_quart_s_views_name_their_needs(
    quart_app: Any, method: str, path: str, scopes: str | None, enough: str | None
) -> None:
    """K6, K9: functions, methods of classes, those of blueprints, and two guards on one."""
    client = guarded(quart_app)
    refused = client.request(method, path)
    assert (refused.status_code, named(refused)) == (401, scopes)
    if enough:
        first = client.request(method, path, headers=bearer("a"))
        assert (first.status_code, named(first)) == (403, scopes)
        assert client.request(method, path, headers=bearer(enough)).status_code == 200


def test_quart_s_metadata_and_websockets_too(quart_app: Any) -> None:
    """K4, K6, C2: with the application's `asgi_app` replaced, as Quart's guide has it."""
    before = quart_app.asgi_app
    quart_app.asgi_app = guarded(before).app
    client = TestClient(quart_app, base_url=RESOURCE)
    assert supported(client) == ["a", "b", "items:read", "items:write", "listen", "read"]
    assert client.get("/raises", headers=bearer()).headers["www-authenticate"].endswith('"raised"')
    with client.websocket_connect("/listen", headers=bearer("listen")) as websocket:
        assert websocket.receive_text() == "x"
    for path, token, scopes in (
        ("/listen", {}, "listen"),
        ("/listen", bearer(), "listen"),
        ("/raises", bearer(), "raised"),
    ):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            client.websocket_connect(path, headers=token),
        ):
            pass
        assert named(refused.value) == scopes


def test_a_view_of_quart_that_no_token_could_open_is_a_mistake(quart_app: Any) -> None:
    """K9"""
    from asgi_jwks.integrations.quart import requires as guard

    def x() -> str:
        return "x"

    quart_app.add_url_rule("/x", view_func=guard(issuer=ELSEWHERE)(x))
    with pytest.raises(ConfigurationError, match=IMPOSSIBLE.format("/x")):
        guarded(quart_app)


def test_a_view_of_quart_is_not_one_of_starlette() -> None:
    """K9: and the message names the decorator that is."""

    async def view() -> str:
        return "x"

    with pytest.raises(ConfigurationError, match=r"asgi_jwks\.integrations\.quart"):
        requires("read")(view)


URLS: list[Any] = []
"""Django reads its routes from a module: this one."""

urlpatterns = URLS


@pytest.fixture
def django() -> Iterator[Callable[..., TestClient]]:
    pytest.importorskip("django", reason="django is in the group `frameworks`")
    from django.conf import settings
    from django.urls import clear_url_caches
    from django.utils.functional import empty

    before, settings._wrapped = settings._wrapped, empty
    settings.configure(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["testserver"],
        MIDDLEWARE=["asgi_jwks.integrations.django.AnswerRefusals"],
    )
    clear_url_caches()

    def make(urls: list[Any], **options: Any) -> TestClient:
        from django.core.asgi import get_asgi_application

        URLS[:] = urls
        for name, value in options.items():
            setattr(settings, name, value)
        return guarded(get_asgi_application())

    yield make
    URLS.clear()
    clear_url_caches()
    settings._wrapped = before


def django_urls() -> list[Any]:
    from django.http import HttpResponse
    from django.urls import include, path, re_path
    from django.views import View

    from asgi_jwks.integrations.django import requires as guard

    @guard("read")
    @guard(any_of=["a", "b"], condition=async_condition)
    def read(request: Any) -> HttpResponse:
        return HttpResponse("x")

    @guard("later")
    async def later(request: Any) -> HttpResponse:
        return HttpResponse("x")

    async def raises(request: Any) -> HttpResponse:
        raise InsufficientScope("raised")

    async def fails(request: Any) -> HttpResponse:
        raise ZeroDivisionError

    class Items(View):
        @guard("items:read")
        def get(self, request: Any, number: int) -> HttpResponse:
            return HttpResponse("x")

        @guard("items:write")
        def post(self, request: Any, number: int) -> HttpResponse:
            return HttpResponse("x")

    inner = [
        path("items/<int:number>", Items.as_view()),
        re_path(r"^all$", guard("shop")(Items.as_view())),
    ]
    return [
        path("read", read),
        path("later", later),
        path("raises", raises),
        path("fails", fails),
        path("shop/", include(inner)),
    ]


@pytest.mark.parametrize(
    ("method", "path", "scopes", "enough"),
    [
        ("GET", "/read", "read a b", "read b"),
        ("GET", "/later", "later", "later"),
        ("GET", "/shop/items/5", "items:read", "items:read"),
        ("POST", "/shop/items/5", "items:write", "items:write"),
        ("GET", "/shop/items/x", None, None),
        ("DELETE", "/shop/items/5", None, None),
        ("GET", "/nowhere", None, None),
    ],
)
def test_django_s_views_name_their_needs(
    django: Any, method: str, path: str, scopes: str | None, enough: str | None
) -> None:
    """K6, K9: functions, async or not, methods of classes, included URLs, and two guards on one."""
    client = django(django_urls())
    refused = client.request(method, path)
    assert (refused.status_code, named(refused)) == (401, scopes)
    if enough:
        first = client.request(method, path, headers=bearer("a"))
        assert (first.status_code, named(first)) == (403, scopes)
        assert client.request(method, path, headers=bearer(enough)).status_code == 200


def test_django_s_metadata_and_errors_that_views_raise(django: Any) -> None:
    """K4, B12"""
    client = django(django_urls(), FORCE_SCRIPT_NAME="/api")
    assert supported(client) == ["a", "b", "items:read", "items:write", "later", "read", "shop"]
    assert named(client.get("/api/read")) == "read a b"
    assert named(client.get("/api/shop/all")) == "shop items:read"
    assert named(client.get("/api/raises", headers=bearer())) == "raised"
    assert client.get("/api/fails", headers=bearer()).status_code == 500


@pytest.mark.parametrize("is_imported", [True, False])
def test_a_view_of_django_that_no_token_could_open_is_a_mistake(
    django: Any, is_imported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K9, C4: Django imports the URLs late; the start reads them, and the construction does not."""
    from django.http import HttpResponse
    from django.urls import path

    from asgi_jwks.integrations.django import requires as guard

    @guard(issuer=ELSEWHERE)
    def x(request: Any) -> HttpResponse:
        return HttpResponse("x")

    if is_imported:
        with pytest.raises(ConfigurationError, match=IMPOSSIBLE.format("/x")):
            django([path("x", x)])
        return
    module = sys.modules[__name__]
    monkeypatch.delitem(sys.modules, __name__)
    client = django([path("x", x)])
    monkeypatch.setitem(sys.modules, __name__, module)
    with pytest.raises(ConfigurationError, match=IMPOSSIBLE.format("/x")), client:
        pass


def test_a_view_of_django_that_no_middleware_is_around_is_an_error(django: Any) -> None:
    """K9: under WSGI nobody has verified a token, so that nothing passes."""
    from django.http import HttpResponse
    from django.test import RequestFactory
    from django.urls import path

    from asgi_jwks.integrations.django import requires as guard

    @guard("read")
    def read(request: Any) -> HttpResponse:
        return HttpResponse("x")

    django([path("read", read)])
    with pytest.raises(TypeError, match="under WSGI no token is verified"):
        read(RequestFactory().get("/read"))


def test_django_refuses_requests_that_go_past_the_middleware_where_it_is_told_to(
    django: Any,
) -> None:
    """G10: of WSGI, and of test clients that call Django itself; public paths pass."""
    from django.core.asgi import get_asgi_application
    from django.http import HttpResponse
    from django.test import AsyncClient, Client
    from django.urls import path

    async def view(request: Any) -> HttpResponse:
        return HttpResponse("x")

    required = "asgi_jwks.integrations.django.require_jwt_bearer"
    django([path("free", view), path("x", view)], MIDDLEWARE=[required])
    client = guarded(get_asgi_application(), public_paths=["/free"])
    assert client.get("/free").text == client.get("/x", headers=bearer()).text == "x"
    get: Any = AsyncClient().get
    for past in (Client().get, partial(anyio.run, get)):
        with pytest.raises(ConfigurationError, match="did not come through JWTBearerMiddleware"):
            past("/free")


def test_several_challenges_are_one_field_in_django(django: Any) -> None:
    """I15: Django keeps one field of a name, and a list of challenges is one field."""
    from django.http import HttpResponse
    from django.urls import path

    from asgi_jwks import DPoP
    from asgi_jwks.integrations.django import requires as guard

    @guard("read", acr="mfa")
    async def read(request: Any) -> HttpResponse:
        return HttpResponse("x")

    django([path("read", read)])
    from django.core.asgi import get_asgi_application

    trusted = TrustedIssuer(
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        dpop=DPoP(public_origin=RESOURCE),
    )
    client = TestClient(JWTBearerMiddleware(get_asgi_application(), trusted), base_url=RESOURCE)
    fields = client.get("/read", headers=bearer()).headers.get_list("www-authenticate")
    assert len(fields) == 1
    assert fields[0].startswith('DPoP realm="api"')
    assert ', Bearer realm="api", error="insufficient_user_authentication"' in fields[0]
