"""Routes that declare what no token could meet stop the start, however they declare it."""

import gc
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.testclient import TestClient
from tests.support.trusted import ISSUER, OTHER, trusted

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    JWTBearerMiddleware,
    Requirement,
    StaticJWKSet,
    TrustedIssuer,
    requires,
)
from asgi_jwks.integrations.mcp import MCPToolRequirements

KEYS = StaticJWKSet(ISSUER.jwk_set())
# What no token of ISSUER could meet.
FROM_ELSEWHERE = requires(issuer=OTHER.issuer)


def guard(app: Any, *issuers: TrustedIssuer, **options: Any) -> JWTBearerMiddleware:
    return JWTBearerMiddleware(app, *(issuers or (trusted(),)), **options)


async def free(request: Any) -> PlainTextResponse:
    return PlainTextResponse("x")


# As of frameworks whose routes are declared by decorators, such as FastAPI and Quart.
DECLARED: list[Route] = []


def at(path: str, routes: list[Route] = DECLARED) -> Callable[[Any], Any]:
    def declare(endpoint: Any) -> Any:
        routes.append(Route(path, endpoint))
        return endpoint

    return declare


@at("/below")
@requires("read")
async def below(request: Any) -> None: ...


@requires("read")
@at("/above")
async def above(request: Any) -> None: ...


@requires("read")
@at("/between")
@requires("orders")
async def between(request: Any) -> None: ...


@at("/both")
async def both(request: Any) -> None: ...


DECLARED.append(Route("/both/guarded", requires("read")(both)))


async def listen(websocket: Any) -> None: ...


class OfOneMethod(HTTPEndpoint):
    async def get(self, request: Any) -> PlainTextResponse:
        return PlainTextResponse("x")

    @FROM_ELSEWHERE
    async def post(self, request: Any) -> None: ...


class OfEachIssuer(HTTPEndpoint):
    """Two methods that no request could meet together, and does not have to."""

    @requires(issuer=ISSUER.issuer)
    async def get(self, request: Any) -> None: ...

    @requires(issuer=OTHER.issuer)
    async def post(self, request: Any) -> None: ...


def inner(*middleware: Middleware) -> Starlette:
    return Starlette(routes=[Route("/x", free)], middleware=middleware)


PLACES: dict[str, Callable[[], list[Any]]] = {
    "/x": lambda: [Route("/x", FROM_ELSEWHERE(free))],
    "/w": lambda: [WebSocketRoute("/w", FROM_ELSEWHERE(listen))],
    "/class": lambda: [Route("/class", OfOneMethod)],
    "/route": lambda: [Route("/route", free, middleware=[Middleware(FROM_ELSEWHERE.around)])],
    "/mount/x": lambda: [Mount("/mount", inner(Middleware(FROM_ELSEWHERE.around)))],
    "/around/x": lambda: [Mount("/around", FROM_ELSEWHERE.around(inner()))],
    "/host": lambda: [Host("a.example", Router([Route("/host", FROM_ELSEWHERE(free))]))],
    "/bare": lambda: [Mount("/bare", FROM_ELSEWHERE.around(PlainTextResponse("x")))],
    # Each of both could be met, and both together cannot.
    "/both/x": lambda: [
        Mount("/both", requires(issuer=ISSUER.issuer).around(Router(PLACES["/x"]())))
    ],
}


@pytest.mark.parametrize("place", PLACES)
def test_a_route_that_no_token_could_open_is_a_mistake(place: str) -> None:
    """K9: wherever the routes are known, before a request comes."""
    with pytest.raises(ConfigurationError, match=f"the route {place}"):
        guard(Starlette(routes=PLACES[place]()))


@pytest.mark.parametrize("place", PLACES)
def test_routes_that_are_added_later_stop_the_start(place: str) -> None:
    """K9, C4: the server is told, since one that only sees an exception goes on without it."""
    later = Starlette()
    guarded = guard(later)
    later.routes.extend(PLACES[place]())
    assert_the_start_fails(guarded, f"the route {place}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("is_configured", [True, False], ids=["configured", "by its class"])
def test_middleware_that_starlette_builds_late_stops_the_start(
    place: str, is_configured: bool
) -> None:
    """K9: an error of its constructor would be 500s, since the server would go on."""
    app = Starlette(routes=PLACES[place]())
    if is_configured:
        app.add_middleware(JWTBearerMiddleware.configured(trusted()))
    else:
        app.add_middleware(JWTBearerMiddleware, issuer=ISSUER.issuer, audience="a", keys=KEYS)
    assert_the_start_fails(app, f"the route {place}")


def assert_the_start_fails(app: Any, words: str) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    coroutine = app({"type": "lifespan", "state": {}}, receive, send)
    with pytest.raises(ConfigurationError, match=words):
        coroutine.send(None)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert words in sent[0]["message"]


def test_without_a_start_the_first_use_tells() -> None:
    """K9, C5: servers without lifespan, and applications that are mounted; strangers see a 401."""
    later = Starlette(routes=[Route("/free", free)])
    client = TestClient(guard(later))
    assert client.get("/free").status_code == 401
    later.routes.extend(PLACES["/x"]())
    headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
    for _ in range(2):
        assert client.get("/free").status_code == 401
        with pytest.raises(ConfigurationError, match="the route /x"):
            client.get("/free", headers=headers)


def test_after_the_first_use_nothing_is_looked_at() -> None:
    """W1: later requests are not held up."""
    app = Starlette(routes=[Route("/free", free)])
    client = TestClient(guard(app))
    headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
    assert client.get("/free", headers=headers).status_code == 200
    app.routes.extend(PLACES["/x"]())
    assert client.get("/free", headers=headers).status_code == 200
    assert client.get("/x", headers=headers).status_code == 403


def test_after_a_start_the_first_use_looks_at_nothing() -> None:
    app = Starlette(routes=[Route("/free", free)])
    with TestClient(guard(app)) as client:
        app.routes.extend(PLACES["/x"]())
        headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
        assert client.get("/free", headers=headers).status_code == 200


def test_what_all_requests_need_counts_as_well() -> None:
    """K9: the option `requires` and a route are met by one token, or by none."""
    app = Starlette(routes=[Route("/x", requires(issuer=ISSUER.issuer)(free))])
    of_all = Requirement(issuer=OTHER.issuer)
    with pytest.raises(ConfigurationError, match="the route /x, and requires of all"):
        guard(app, trusted(), trusted(OTHER), requires=of_all)
    # Scopes of one, and a binding of the other.
    app = Starlette(routes=[Route("/x", requires(roles="r")(free))])
    with pytest.raises(ConfigurationError, match="'r', which is not among the grants"):
        guard(app, trusted(), trusted(OTHER, grants=["a"]), requires=of_all)


def test_the_message_says_what_to_write() -> None:
    with pytest.raises(ConfigurationError) as told:
        guard(Starlette(routes=PLACES["/x"]()))
    assert str(told.value) == (
        f"the route /x demands a token of '{OTHER.issuer}', and the issuers that are trusted are "
        "others: every request would be refused. Trust it with a TrustedIssuer of its own, or "
        f"name one of those that are: '{ISSUER.issuer}'."
    )


def test_routes_that_somebody_may_open_are_no_mistake() -> None:
    """K9: another issuer, a resolver, each method by itself."""
    guard(Starlette(routes=PLACES["/x"]()), trusted(), trusted(OTHER))
    guard(Starlette(routes=[Route("/class", OfEachIssuer)]), trusted(), trusted(OTHER))

    async def resolver(name: str) -> TrustedIssuer | None:
        return None

    verifier = AccessTokenVerifier(trusted(), resolver=resolver)
    JWTBearerMiddleware(Starlette(routes=PLACES["/x"]()), verifier=verifier)


READ = requires("read")
CLOSED: dict[str, Callable[[], Any]] = {
    "/x": lambda: Route("/x", READ(free)),
    "/w": lambda: WebSocketRoute("/w", READ(listen)),
    "/one/{name}": lambda: Route("/one/{name}", READ(free)),
    "/route": lambda: Route("/route", free, middleware=[Middleware(READ.around)]),
    "/mount/x": lambda: Mount("/mount", inner(Middleware(GZipMiddleware), Middleware(READ.around))),
    "/around/x": lambda: Mount("/around", READ.around(inner())),
}
PUBLIC = ["/x", "/w", "/route", "/one/*", "/mount/*", "/around/x"]


@pytest.mark.parametrize("place", CLOSED)
def test_a_public_route_that_demands_a_token_is_a_mistake(place: str) -> None:
    """K9, B11: no token is read there, so that nobody could ever open it."""
    words = f"the route {place} demands a token, and it is one of public_paths"
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        guard(Starlette(routes=[CLOSED[place]()]), public_paths=PUBLIC)
    guard(Starlette(routes=[CLOSED[place]()]), public_paths=["/other", "/one", "/mount"])


class Stranger:
    """Middleware that may verify tokens by itself, for all that anybody knows."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def dispatched(request: Any, call_next: Any) -> Any:
    return await call_next(request)


OTHERS: dict[str, Callable[[], Any]] = {
    "built late": lambda: Mount(
        "/x", inner(Middleware(JWTBearerMiddleware.configured(trusted())), Middleware(READ.around))
    ),
    "by its class": lambda: Mount(
        "/x", inner(Middleware(JWTBearerMiddleware, verifier=None), Middleware(READ.around))
    ),
    "an instance": lambda: Mount("/x", guard(READ.around(inner()))),
    "of the route": lambda: Route(
        "/x", READ(free), middleware=[Middleware(JWTBearerMiddleware.configured(trusted()))]
    ),
    "a stranger": lambda: Mount("/x", Stranger(READ.around(inner()))),
    "a stranger of the route": lambda: Route("/x", READ(free), middleware=[Middleware(Stranger)]),
    "a function": lambda: Mount(
        "/x", inner(Middleware(BaseHTTPMiddleware, dispatch=dispatched), Middleware(READ.around))
    ),
    # An application that shows no routes may serve other paths than the public one.
    "any path": lambda: Mount("/x", READ.around(PlainTextResponse("x"))),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_public_route_may_have_a_guard_within(other: str) -> None:
    """K9, C5: a start is not stopped where somebody else may read the token."""
    guard(Starlette(routes=[OTHERS[other]()]), public_paths=["/x", "/x/*"])


def test_a_demand_on_a_public_path_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """K9, P4, W6: where a start cannot know, with the path, and in so many lines at most."""
    routes = [Route("/one/{name}", READ(free))]
    client = TestClient(guard(Starlette(routes=routes), public_paths=["/one/a"]))
    for _ in range(2):
        assert client.get("/one/a").status_code == 401
    [told] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert told.startswith("'/one/{name}' demands a token, and requests for it are let through by")
    caplog.clear()
    hidden_app = hidden(READ.around(PlainTextResponse("x")))
    client = TestClient(guard(hidden_app, public_paths=["/x/*"]))
    for number in range(30):
        assert client.get(f"/x/{number}").status_code == 401
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 16


def test_an_anonymous_request_that_is_allowed_is_not_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A6: the guard of one route refuses it, as it should; one within another's public path too."""
    app = Starlette(routes=[Route("/x", READ(free))])
    lenient = guard(app, allow_anonymous=True)
    around = guard(Starlette(routes=[Mount("/m", lenient)]), public_paths=["/m/*"])
    assert TestClient(lenient).get("/x").status_code == 401
    assert TestClient(around).get("/m/x").status_code == 401
    assert [r for r in caplog.records if r.levelno == logging.ERROR] == []


def test_each_entry_point_judges_the_routes_within_it() -> None:
    """K9: an application with a middleware of its own inside another one's public paths."""
    of_other = guard(Starlette(routes=PLACES["/x"]()), trusted(OTHER))
    guard(Starlette(routes=[Mount("/below", of_other)]))
    late = Starlette()
    of_one = guard(late)
    late.routes.extend(PLACES["/x"]())
    # Its own start may never come: it is mounted.
    with pytest.raises(ConfigurationError, match="the route /below/x"):
        guard(Starlette(routes=[Mount("/below", of_one)]), trusted(), trusted(OTHER))


def test_a_tool_that_no_token_could_call_is_a_mistake() -> None:
    """K9, K10: the tools of an MCP server, each by itself."""
    needs = {"a": Requirement(issuer=ISSUER.issuer), "b": Requirement(issuer=OTHER.issuer)}
    tools = MCPToolRequirements(PlainTextResponse("x"), needs)
    with pytest.raises(
        ConfigurationError, match=f"the route / demands a token of '{OTHER.issuer}'"
    ):
        guard(tools)
    guard(tools, trusted(), trusted(OTHER))


@pytest.mark.parametrize("declare", ["route", "all", "tool"])
def test_a_resource_does_not_ask_for_a_login_that_lasts(declare: str) -> None:
    """K4: MCP: neither challenges nor metadata of a resource name `offline_access`."""
    needed = requires("read", "offline_access")
    options: dict[str, Any] = {"resource": "https://api.example.com"}
    app: Any = Starlette(routes=[Route("/x", needed(free))])
    if declare == "tool":
        app = MCPToolRequirements(PlainTextResponse("x"), {"x": needed.requirement})
    elif declare == "all":
        app, options["requires"] = PlainTextResponse("x"), needed.requirement
    with pytest.raises(ConfigurationError, match="demands offline_access"):
        guard(app, **options)


def test_routes_that_cannot_be_read_do_not_stop_the_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """C5: they are refused when they are called."""

    class Failing:
        @property
        def routes(self) -> list[object]:
            raise RuntimeError("the routes are not there yet")

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    guard(Failing())
    [record] = caplog.records
    assert "cannot be read" in record.getMessage()


def hidden(guarded: Any) -> Any:
    """A bare ASGI application, which shows nobody what is within."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await guarded(scope, receive, send)

    return app


@pytest.mark.parametrize("is_async", [True, False])
def test_a_guard_that_nobody_can_see_is_told_of_once(
    caplog: pytest.LogCaptureFixture, is_async: bool
) -> None:
    """K9: where neither the start nor the first use can know: a line at ERROR, no silence."""
    needed = requires(issuer=OTHER.issuer, condition=(lambda token: True) if is_async else None)
    client = TestClient(guard(hidden(needed.around(PlainTextResponse("x")))))
    headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
    for _ in range(3):
        assert client.get("/x", headers=headers).status_code == 403
    [told] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert told.startswith(f"a guard within the application demands a token of '{OTHER.issuer}'")


def test_a_guard_that_a_token_could_pass_is_not_told_of(caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(guard(hidden(requires("b").around(PlainTextResponse("x")))))
    headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
    assert client.get("/x", headers=headers).status_code == 403
    assert [r for r in caplog.records if r.levelno == logging.ERROR] == []


def test_guards_for_each_request_do_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """W6"""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await requires(issuer=OTHER.issuer).around(PlainTextResponse("x"))(scope, receive, send)

    client = TestClient(guard(app))
    headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
    for _ in range(30):
        assert client.get("/x", headers=headers).status_code == 403
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 16


@pytest.mark.parametrize("path", ["/above", "/between"])
def test_a_guard_above_the_decorator_of_its_route_stops_the_start(path: str) -> None:
    """G10: the route has the function without the guard, and would be open."""
    with pytest.raises(ConfigurationError, match=rf"^{path[1:]} is guarded .*Write @requires\("):
        guard(Starlette(routes=[route for route in DECLARED if route.path == path]))


def test_one_function_may_be_guarded_at_one_path_and_not_at_another() -> None:
    """A11: the order of the decorators alone is a mistake."""
    guard(Starlette(routes=[r for r in DECLARED if r.path not in {"/above", "/between"}]))
    callable_object = type("Endpoint", (), {"__call__": free, "__hash__": None})()
    guard(Starlette(routes=[Route("/x", callable_object)]))


def test_a_guard_above_the_decorator_is_found_within_a_function_that_makes_the_application() -> (
    None
):
    """G10: as with factories of applications."""

    def made() -> JWTBearerMiddleware:
        routes: list[Route] = []

        @requires("read")
        @at("/above", routes)
        async def within(request: Any) -> None: ...

        @at("/below", routes)
        @requires("read")
        async def as_it_should_be(request: Any) -> None: ...

        return guard(Starlette(routes=routes))

    app = made()
    gc.collect()
    with pytest.raises(ConfigurationError, match="within is guarded"), TestClient(app):
        pass
