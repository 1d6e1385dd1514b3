"""The needs of routes, read from applications of many shapes; nothing is enforced here."""

import functools
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket

from asgi_jwks import Requirement, StaticJWKSet, TrustedIssuer, requires
from asgi_jwks.asgi import connection_needs, declared, layers, route_tables
from asgi_jwks.asgi.authorization import Authorization
from asgi_jwks.asgi.connection_needs import needs_at
from asgi_jwks.asgi.declared import declared_by
from asgi_jwks.asgi.layers import add_reader
from asgi_jwks.asgi.route_needs import needs_of, routes_of
from asgi_jwks.asgi.route_tables import add_table, path_within
from asgi_jwks.authorization.resource_metadata import ProtectedResource
from asgi_jwks.testing import MockIssuer


@requires("read")
async def read(request: Request) -> Response:
    return PlainTextResponse("x")


@requires("listen")
async def listen(websocket: WebSocket) -> None: ...


async def free(request: Request) -> Response:
    return PlainTextResponse("x")


class Items(HTTPEndpoint):
    @requires("items:read")
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("x")

    @requires("items:write")
    async def post(self, request: Request) -> Response:
        return PlainTextResponse("x")


class Wrapped:
    """Middleware of a stranger, which names the application as everybody does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


INNER = Starlette(routes=[Route("/read", read), Route("/free", free)])
APP = Wrapped(
    Starlette(
        routes=[
            Route("/read", read),
            Route("/free", free),
            Route("/items/{id:int}", Items),
            WebSocketRoute("/listen", listen),
            Mount("/admin", Wrapped(requires("admin").around(INNER))),
            Mount(
                "/shop",
                routes=[Route("/read", read)],
                middleware=[Middleware(requires("shop").around)],
            ),
            Route("/middle", free, middleware=[Middleware(requires("middle").around)]),
            Host("api.example", Router([Route("/host", read)])),
        ]
    )
)


def at(path: str, app: Any = APP, **scope: Any) -> list[str]:
    connection = {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "headers": [(b"host", b"testserver")],
        **scope,
    }
    before = dict(connection)
    needs = needs_at(app, connection)
    assert connection == before, "the connection is somebody else's"
    return [name for need in needs for name in need.named_scopes]


@pytest.mark.parametrize(
    ("path", "scope", "named"),
    [
        ("/read", {}, ["read"]),
        ("/read", {"method": "POST"}, []),
        ("/free", {}, []),
        ("/nowhere", {}, []),
        ("/items/5", {}, ["items:read"]),
        ("/items/5", {"method": "HEAD"}, ["items:read"]),
        ("/items/5", {"method": "POST"}, ["items:write"]),
        ("/items/5", {"method": "PUT"}, []),
        ("/items/x", {}, []),
        ("/listen", {"type": "websocket"}, ["listen"]),
        ("/listen", {}, []),
        ("/admin/read", {}, ["admin", "read"]),
        ("/admin/free", {}, ["admin"]),
        ("/admin/nowhere", {}, ["admin"]),
        ("/api/admin/read", {"root_path": "/api"}, ["admin", "read"]),
        ("/shop/read", {}, ["shop", "read"]),
        ("/middle", {}, ["middle"]),
        ("/host", {"headers": [(b"host", b"api.example")]}, ["read"]),
        ("/host", {}, []),
        # Within a mount, as Starlette leaves the connection there.
        ("/admin/read", {"root_path": "/admin", "app_root_path": ""}, ["admin", "read"]),
        ("/x/read", {"root_path": "/x", "app_root_path": ""}, ["read"]),
    ],
)
def test_the_needs_on_the_way_to_a_route_are_named(
    path: str, scope: dict[str, Any], named: list[str]
) -> None:
    """K6"""
    assert at(path, **scope) == named


def test_all_needs_are_listed_with_their_paths() -> None:
    """K4"""
    assert [(path, need.named_scopes[0]) for path, need in needs_of(APP)] == [
        ("/read", "read"),
        ("/items/{id:int}", "items:read"),
        ("/items/{id:int}", "items:write"),
        ("/listen", "listen"),
        # Of what is around a route, whoever asks for a resource below has to know as well.
        ("/admin/read", "admin"),
        ("/admin/read", "read"),
        ("/admin/free", "admin"),
        ("/shop/read", "shop"),
        ("/shop/read", "read"),
        ("/middle", "middle"),
        ("/host", "read"),
    ]


def test_middleware_that_is_not_built_yet_is_seen() -> None:
    """K6, K9: Starlette and FastAPI build that of an application with its first call."""
    inner = Starlette(routes=[Route("/free", free)], middleware=[Middleware(Wrapped)])
    inner.add_middleware(requires("later").around)
    app = Starlette(routes=[Mount("/inner", inner)])
    assert at("/inner/free", app) == ["later"]
    assert [path for path, _ in needs_of(app)] == ["/inner/free"]


def test_an_application_without_routes_declares_what_is_around_it() -> None:
    """K4"""
    guarded = requires("all").around(PlainTextResponse("x"))
    assert [path for path, _ in needs_of(guarded)] == ["/"]
    assert at("/x", guarded) == ["all"]
    assert list(needs_of(None)) == []
    assert list(needs_of(object())) == []


class Inherits(Items):
    """Answers as the class that it extends."""


class Listens(WebSocketEndpoint):
    @requires("connect")
    async def on_connect(self, websocket: WebSocket) -> None: ...


def test_needs_are_seen_through_what_is_around_an_endpoint() -> None:
    """K6, K9: a decorator of the application's own, a partial, a class that another one extends."""

    @functools.wraps(read)
    async def timed(request: Request) -> Response:
        answer: Response = await read(request)
        return answer

    async def loop(request: Request) -> None: ...

    vars(loop)["__wrapped__"] = loop
    app = Starlette(
        routes=[
            Route("/timed", timed),
            Route("/partial", functools.partial(read)),
            Route("/partial-of-timed", functools.partial(timed)),
            Route("/inherits", Inherits),
            Route("/loop", loop),
            WebSocketRoute("/listens", Listens),
        ]
    )
    assert at("/timed", app) == ["read"]
    assert at("/partial", app) == ["read"]
    assert at("/partial-of-timed", app) == ["read"]
    assert at("/inherits", app) == ["items:read"]
    assert at("/loop", app) == []
    assert at("/inherits", app, method="POST") == ["items:write"]
    assert at("/listens", app, type="websocket", method=None) == ["connect"]


@pytest.mark.parametrize(
    ("path", "root", "within"),
    [
        ("/a/b", "", "/a/b"),
        ("/a/b", "/", "/a/b"),
        ("/a/b", "/a", "/b"),
        ("/a/b", "/a/", "/b"),
        ("/a", "/a", "/"),
        ("/ab", "/a", "/ab"),
        ("/b", "/a", "/b"),
        ("/a/b", None, "/a/b"),
    ],
)
def test_a_mounted_application_sees_the_path_below_it(path: str, root: str, within: str) -> None:
    assert path_within({"path": path, "root_path": root}) == within


def test_a_table_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """K9: a framework whose routes are in another form."""

    class Table:
        def knows(self, app: object) -> bool:
            return app == "known"

        def is_imported(self, app: object) -> bool:
            return False

        def routes(self, app: object) -> list[tuple[str, tuple[Requirement, ...]]]:
            return [("/x", (Requirement("x"),))]

        def needs_at(self, app: object, scope: Any) -> list[Requirement]:
            return [Requirement(f"at {scope['path']}".replace(" ", ":"))]

    tables: list[Any] = []
    monkeypatch.setattr(route_tables, "_tables", tables)
    add_table(Table())
    add_table(Table())
    assert len(tables) == 1
    around = requires("all").around(Wrapped("known"))
    assert [(path, need.named_scopes) for path, need in needs_of(around)] == [
        ("/x", ("all",)),
        ("/x", ("x",)),
    ]
    assert list(routes_of(around, imports=False)) == []
    assert at("/y", around) == ["all", "at:/y"]


def test_applications_that_contain_themselves_end() -> None:
    """H4"""
    loop = Wrapped(None)
    loop.app = loop
    assert list(needs_of(loop)) == []
    assert at("/x", loop) == []
    app = Starlette()
    app.routes.append(Mount("/a", app))
    app.routes.append(Route("/read", read))
    assert len(list(needs_of(app))) <= 20
    assert at("/a" * 40 + "/read", app) == []


class Unhashable(list[Any]):
    """A callable that cannot be a key."""

    def __call__(self) -> None: ...


class Slotted:
    """A callable that cannot be referred to weakly."""

    __slots__ = ()

    def __call__(self) -> None: ...


@pytest.mark.parametrize("stranger", [Unhashable(), Slotted(), None, 5, free, at])
def test_a_stranger_declares_nothing(stranger: Any) -> None:
    assert declared_by(stranger) is None


class Strange:
    """An application of another framework, whose routes are something else."""

    routes = ("/a", 5, None)


class Failing:
    """An application of a third one."""

    @property
    def routes(self) -> list[object]:
        raise RuntimeError("the routes are not there yet")


@pytest.mark.parametrize("stranger", [Strange(), Failing()])
def test_routes_that_cannot_be_read_make_no_error_of_a_refusal(stranger: Any) -> None:
    """B1, K4: a refusal stays one, and metadata stay metadata."""
    issuer = MockIssuer()
    trusted = TrustedIssuer(issuer=issuer.issuer, audience="a", keys=StaticJWKSet(issuer.jwk_set()))
    authorization = Authorization(
        issuers=[trusted], app=stranger, requires="read", resource="https://api.example.com"
    )
    assert authorization.named_scopes({"type": "http", "path": "/"}) == ("read",)
    document = authorization.metadata(ProtectedResource("https://api.example.com"))
    assert document["scopes_supported"] == ["read"]


def test_a_reader_is_added_once() -> None:
    """A framework whose routes declare needs in a way of their own."""
    asked: list[Any] = []

    def reader(route: Any) -> list[Any]:
        asked.append(route)
        return []

    add_reader(reader)
    add_reader(reader)
    route = Route("/x", free)
    list(needs_of(Router([route])))
    assert asked == [route]


def test_routes_are_not_walked_where_none_can_declare_a_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """W1: a refusal costs the same with one route and with thousands."""

    class Routed:
        @property
        def routes(self) -> list[object]:
            raise AssertionError("the routes were looked at")

    monkeypatch.setattr(declared, "_are_expected", False)
    monkeypatch.setattr(declared, "_declared", {})
    monkeypatch.setattr(layers, "_readers", [])
    assert connection_needs.needs_at(Routed(), {"type": "http", "path": "/"}) == []
