# pyright: strict
"""Policies as a stranger declares them: never run, but checked by mypy --strict and by pyright.

What is written here must need no cast and no ignore.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, assert_type

from django.http import HttpRequest, HttpResponse
from fastapi import Depends, FastAPI, Security
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.websockets import WebSocket

from asgi_jwks import (
    AccessToken,
    InsufficientUserAuthentication,
    JWTBearerMiddleware,
    ProtectedResource,
    ProtectedResourceMetadata,
    RefusalContent,
    Requirement,
    TrustedIssuer,
    requires,
)
from asgi_jwks.integrations.django import requires as requires_of_django
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.integrations.mcp import MCPToolRequirements
from asgi_jwks.integrations.quart import requires as requires_of_quart

ISSUER = TrustedIssuer(issuer="https://example.eu.auth0.com/", audience="https://api.example.com")
RESOURCE = "https://api.example.com/mcp"


async def is_open(token: AccessToken) -> bool:
    return token.claims.get("open") is True


# Values: named once, combined, reused.

READ = Requirement("orders:read")
OWN = Requirement(any_of=["orders:own", "orders:all"], claims={"realm_access.roles": "seller"})
ADMIN = Requirement(roles=["admin"], issuer="https://example.eu.auth0.com/")
RECENT = Requirement(acr=["mfa", "phr"], max_age=300)
BOUND = Requirement(binding="dpop")
OPEN = Requirement(condition=is_open) & Requirement(condition=lambda token: bool(token.subject))
PAY = READ & OWN & RECENT & BOUND
assert_type(PAY, Requirement)
assert_type(PAY.scopes, tuple[str, ...])
assert_type(PAY.max_age, int | None)
assert_type(PAY.named_scopes, tuple[str, ...])


def judged(token: AccessToken) -> int | None:
    try:
        PAY.check(token, clock=lambda: 1_700_000_000.0)
    except InsufficientUserAuthentication as error:
        assert_type(error.acr_values, tuple[str, ...])
        return error.max_age
    return None


def body(content: RefusalContent) -> dict[str, object]:
    assert_type(content.acr_values, tuple[str, ...])
    return {"code": content.error, "max_age": content.max_age, "needed": content.scopes}


# Starlette.


@requires(READ, permissions="export:orders")
async def orders(request: Request) -> Response:
    return PlainTextResponse("orders")


@requires(READ)
@requires(OPEN)
def stock(request: Request) -> Response:
    return PlainTextResponse("stock")


@requires(OWN, ADMIN, "more")
async def feed(websocket: WebSocket) -> None:
    await websocket.accept()


guard = requires(READ) & ADMIN & requires("more")
starlette = Starlette(
    routes=[
        Route("/orders", orders),
        Mount("/admin", Starlette(), middleware=[Middleware(guard.around)]),
        Mount("/plain", guard.around(Starlette())),
    ]
)
app = JWTBearerMiddleware(
    starlette,
    ISSUER,
    requires=PAY,
    implied_scopes={"orders:admin": ["orders:all"], "orders:all": "orders:read"},
    resource=RESOURCE,
    error_body=body,
)
by_names = JWTBearerMiddleware(starlette, ISSUER, requires=["a", "b"])
several = JWTBearerMiddleware(
    starlette,
    ISSUER,
    resource=[
        RESOURCE,
        ProtectedResource("https://api.example.com/x", scopes=["x"], also_at_root=True, name="X"),
    ],
)
configured = Starlette(
    middleware=[Middleware(JWTBearerMiddleware.configured(ISSUER, resource=RESOURCE, requires="a"))]
)
mounted = JWTBearerMiddleware(starlette, ISSUER, resource=RESOURCE)
whole = ProtectedResourceMetadata(Starlette(routes=[Mount("/mcp", mounted)]), mounted)
tools = MCPToolRequirements(starlette, {"cancel": "orders:write", "pay": PAY, "two": ["a", "b"]})
mcp = JWTBearerMiddleware(tools, ISSUER, resource=RESOURCE, requires="mcp:tools")


# Quart and Django: the type of a view stays what it was.


@requires_of_quart(READ, roles="admin")
async def view_of_quart(number: int) -> str:
    return str(number)


@requires_of_django("orders:read", max_age=300)
def view_of_django(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(str(number))


of_quart: Callable[[int], Awaitable[str]] = view_of_quart
of_django: Callable[[HttpRequest, int], HttpResponse] = view_of_django


# FastAPI.

bearer = JWTBearer(ISSUER, resource=RESOURCE, requires=READ, implied_scopes={"a": ["b"]})
required: Callable[..., Awaitable[AccessToken]] = bearer.requires(PAY, "more", roles="admin")
api = FastAPI(dependencies=[Depends(bearer.requires(READ))])
bearer.attach(api)


@api.post("/payment")
async def pay(
    token: Annotated[AccessToken, Security(bearer.requires(PAY), scopes=["more"])],
) -> str | None:
    return token.subject
