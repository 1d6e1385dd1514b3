"""Routes of FastAPI that no token could open: told by `attach`, start, middleware and log."""

import logging
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security
from starlette.testclient import TestClient
from tests.support.trusted import ISSUER, OTHER, trusted

from asgi_jwks import (
    AccessToken,
    ConfigurationError,
    JWTBearerMiddleware,
    Requirement,
    requires,
)
from asgi_jwks.integrations.fastapi import JWTBearer


async def endpoint() -> str:
    return "x"


def app_with(bearer: JWTBearer, where: str, scope: str = "write") -> FastAPI:
    """An application with a route that demands a scope which the issuer may not grant."""
    demanded = Security(bearer, scopes=[scope])
    app, router = FastAPI(), APIRouter(prefix="/r")
    if where == "application":
        app = FastAPI(dependencies=[demanded])
        app.get("/x")(endpoint)
    elif where == "router":
        router.get("/x", dependencies=[demanded])(endpoint)
        app.include_router(router)
    elif where == "include":
        router.get("/x")(endpoint)
        app.include_router(router, dependencies=[demanded])
    elif where == "nested":

        async def inner(token: Annotated[AccessToken, Security(bearer)]) -> None: ...

        app.get("/x", dependencies=[Security(inner, scopes=[scope])])(endpoint)
    elif where == "websocket":
        app.websocket("/x", dependencies=[demanded])(endpoint)
    elif where == "mounted":
        app.mount("/sub", app_with(bearer, "router", scope))
    else:
        app.get("/x", dependencies=[Depends(bearer.requires(scope))])(endpoint)
    return app


PLACES = {
    "application": "/x",
    "router": "/r/x",
    "include": "/r/x",
    "nested": "/x",
    "websocket": "/x",
    "mounted": "/sub/r/x",
}


@pytest.mark.parametrize("where", PLACES)
def test_a_scope_that_no_issuer_may_grant_stops_the_start(where: str) -> None:
    """K9, P2: by `attach` where the route is there, else by the start."""
    bearer = JWTBearer(trusted(grants=["read"]))
    words = f"the route {PLACES[where]} demands 'write', which is not among the grants of"
    with pytest.raises(ConfigurationError, match=words):
        bearer.attach(app_with(bearer, where))
    later = FastAPI()
    bearer.attach(later)
    later.mount("/later", app_with(bearer, where))
    with pytest.raises(ConfigurationError, match="the route /later"), TestClient(later):
        pass


@pytest.mark.parametrize("where", [*PLACES, "requires"])
def test_the_middleware_around_judges_where_it_is_its_token(where: str) -> None:
    """K9: `JWTBearer()` takes the token of the middleware, and so its issuers count."""
    app = app_with(JWTBearer(), where)
    with pytest.raises(ConfigurationError, match="'write', which is not among the grants of"):
        JWTBearerMiddleware(app, trusted(grants=["read"]))
    JWTBearerMiddleware(app, trusted(grants=["read"]), trusted(OTHER))


def test_rules_of_its_own_judge_where_the_middleware_is_around() -> None:
    """K9, P2: each entry point by its own issuers."""
    bearer = JWTBearer(trusted())
    bearer.attach(app_with(bearer, "router"))
    JWTBearerMiddleware(app_with(bearer, "router"), trusted(grants=["read"]))
    strict = JWTBearer(trusted(grants=["read"]))
    with pytest.raises(ConfigurationError, match="/sub/r/x"):
        JWTBearerMiddleware(app_with(strict, "mounted"), trusted())


def test_dependencies_that_no_token_could_meet_together_are_a_mistake() -> None:
    """K9: each could be met by itself."""
    bearer = JWTBearer(trusted(), trusted(OTHER))
    app = FastAPI(dependencies=[Depends(bearer.requires(issuer=OTHER.issuer))])
    app.get("/x", dependencies=[Depends(bearer.requires(issuer=ISSUER.issuer))])(endpoint)
    with pytest.raises(ConfigurationError, match="the route /x: no token can meet both issuer="):
        bearer.attach(app)


def test_an_option_of_all_counts_as_well() -> None:
    """K9"""
    bearer = JWTBearer(
        trusted(grants=["a"]), trusted(OTHER), requires=Requirement(issuer=OTHER.issuer)
    )
    bearer.attach(app_with(bearer, "router"))
    narrow = JWTBearer(
        trusted(grants=["a"]), trusted(OTHER), requires=Requirement(issuer=ISSUER.issuer)
    )
    with pytest.raises(ConfigurationError, match="'write', which is not among the grants of"):
        narrow.attach(app_with(narrow, "router"))


@pytest.mark.parametrize("is_around", [True, False], ids=["the middleware's", "its own"])
def test_without_attach_the_log_tells_once(
    caplog: pytest.LogCaptureFixture, is_around: bool
) -> None:
    """K9: one line at ERROR, instead of silence."""
    only_read = trusted(grants=["read"])
    app: Any
    if is_around:
        hidden = app_with(JWTBearer(), "router")

        async def inside(scope: Any, receive: Any, send: Any) -> None:
            await hidden(scope, receive, send)

        app = JWTBearerMiddleware(inside, only_read)
    else:
        app = app_with(JWTBearer(only_read), "router")
    client = TestClient(app)
    headers = {"authorization": f"Bearer {ISSUER.access_token(scopes='read write')}"}
    for _ in range(3):
        assert client.get("/r/x", headers=headers).status_code == 403
    [told] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert told.startswith("a guard within the application demands 'write', which is not among")


def strung(where: str, bearer: JWTBearer) -> FastAPI:
    """An application with a string where a list of scopes belongs."""
    wrong: Any = "read"
    as_string = Security(bearer, scopes=wrong)

    async def by_annotation(
        token: Annotated[AccessToken, Security(bearer, scopes=wrong)],
    ) -> None: ...

    async def by_default(token: AccessToken = as_string) -> None: ...

    class Called:
        async def __call__(
            self, token: Annotated[AccessToken, Security(bearer, scopes=wrong)]
        ) -> None: ...

    app, inner = FastAPI(), FastAPI()
    if where == "annotation":
        app.get("/x")(by_annotation)
    elif where == "default":
        app.get("/x")(by_default)
    elif where == "route":
        app.get("/x", dependencies=[as_string])(endpoint)
    elif where == "nested":
        app.get("/x", dependencies=[Depends(by_annotation)])(endpoint)
    elif where == "object":
        app.get("/x", dependencies=[Depends(Called())])(endpoint)
    elif where == "websocket":
        app.websocket("/x", dependencies=[as_string])(endpoint)
    else:
        inner.get("/x")(by_annotation)
        app.mount("/sub", inner)
    return app


STRINGS = ("annotation", "default", "route", "nested", "object", "websocket", "mounted")


@pytest.mark.parametrize("where", STRINGS)
def test_a_string_where_a_list_of_scopes_belongs_stops_the_start(where: str) -> None:
    """A11: FastAPI would demand a scope for each letter, which no token grants."""
    bearer = JWTBearer(trusted())
    words = r"the route /x has Security\(..., scopes='read'\).* Write a list: scopes=\['read'\]"
    with pytest.raises(ConfigurationError, match=words):
        bearer.attach(strung(where, bearer))
    later = FastAPI()
    bearer.attach(later)
    later.router.routes += strung(where, bearer).router.routes
    with pytest.raises(ConfigurationError, match=words), TestClient(later):
        pass  # The start fails.
    with pytest.raises(ConfigurationError, match=words):
        JWTBearerMiddleware(strung(where, JWTBearer()), trusted())


def test_lists_of_short_scopes_and_what_cannot_be_read_are_no_mistake() -> None:
    """A11: `r` and `w` are scopes; an annotation that nobody can evaluate is FastAPI's to tell."""
    bearer = JWTBearer(trusted())
    app = FastAPI()

    async def short(token: Annotated[AccessToken, Security(bearer, scopes=["r", "w"])]) -> None: ...

    async def one(token: Annotated[AccessToken, Security(bearer, scopes="r")]) -> None: ...

    async def unreadable(
        token: Annotated[AccessToken, Security(bearer, scopes=["r", "w"])],
    ) -> None: ...

    for number, each in enumerate((short, one, unreadable)):
        app.get(f"/{number}")(each)
    unreadable.__annotations__["token"] = "NotThere"
    bearer.attach(app)


@pytest.mark.parametrize("by", ["requires", "scopes"])
def test_a_public_route_that_demands_a_scope_is_a_mistake(by: str) -> None:
    """K9, B11: the middleware reads no token there; a JWTBearer with rules of its own does."""
    for bearer, is_wrong in ((JWTBearer(), True), (JWTBearer(trusted()), False)):
        app = app_with(bearer, by if by == "requires" else "router")
        place = "/x" if by == "requires" else "/r/x"
        if is_wrong:
            with pytest.raises(ConfigurationError, match=f"the route {place} demands a token"):
                JWTBearerMiddleware(app, trusted(), public_paths=[place])
        else:
            JWTBearerMiddleware(app, trusted(), public_paths=[place])


@pytest.mark.parametrize("own", [True, False])
def test_a_token_that_is_demanded_on_a_public_path_is_told_of(
    caplog: pytest.LogCaptureFixture, own: bool
) -> None:
    """K9, P4: where nothing more is demanded; a JWTBearer with rules of its own reads it."""
    bearer, app = JWTBearer(trusted()) if own else JWTBearer(), FastAPI()

    @app.get("/x", dependencies=[Depends(bearer)])
    async def x() -> str:
        return "x"

    client = TestClient(JWTBearerMiddleware(app, trusted(), public_paths=["/x"]))
    headers = {"authorization": f"Bearer {ISSUER.access_token()}"}
    for _ in range(2):
        assert client.get("/x").status_code == 401
        assert client.get("/x", headers=headers).status_code == (200 if own else 401)
    told = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert [text.partition(",")[0] for text in told] == ([] if own else ["'/x' demands a token"])


def test_starlette_s_guards_are_looked_at_as_well() -> None:
    """K9: `requires` and `.around` beside dependencies, of the middleware around."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(requires(issuer=OTHER.issuer).around)
    app.get("/x")(endpoint)
    with pytest.raises(ConfigurationError, match="the route /x demands a token of"):
        JWTBearerMiddleware(app, trusted())


below = APIRouter()


@requires("read")
@below.get("/x")
async def open_to_all(request: Request) -> str:
    return "x"


@pytest.mark.parametrize(
    "guard",
    [lambda app: JWTBearerMiddleware(app, trusted()), lambda app: JWTBearer(trusted()).attach(app)],
    ids=["middleware", "attach"],
)
def test_a_guard_above_the_decorator_of_a_route_stops_the_start(guard: Any) -> None:
    """G10: FastAPI has the function without the guard, and whoever has a token could call it."""
    app = FastAPI()
    app.include_router(below)
    with pytest.raises(ConfigurationError, match=r"^open_to_all is guarded .* below the decorator"):
        guard(app)
