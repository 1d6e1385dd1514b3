# pyright: strict
"""The public API as a stranger uses it: never run, but checked by mypy --strict and by pyright.

What is written here must need no cast and no ignore, and no value of the API may be Any where its
type is known.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, assert_type, cast

import httpx
import httpx2
import msgspec
from fastapi import Depends, FastAPI, Security, WebSocket
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    AsgiJwksError,
    AuthorizationHeader,
    ConfigurationError,
    Cookie,
    InsufficientScope,
    InvalidToken,
    JWTBearerMiddleware,
    KeySetError,
    Reason,
    RefusalContent,
    RemoteJWKSet,
    RequestError,
    SharedSecret,
    StaticJWKSet,
    TemporarilyUnavailable,
    TrustedIssuer,
    WebSocketSubprotocol,
    access_token,
    bearer_token,
    health_app,
    requires,
)
from asgi_jwks.environment import issuer_from_env, settings_from_env
from asgi_jwks.events import (
    Event,
    KeySetEvent,
    Listener,
    RefreshFailed,
    RequestAccepted,
    RouteRefused,
)
from asgi_jwks.integrations.fastapi import AuthorizationCode, JWTBearer, OpenIDConnect
from asgi_jwks.integrations.opentelemetry import OpenTelemetry
from asgi_jwks.integrations.prometheus import PrometheusMetrics
from asgi_jwks.providers import auth0

ISSUER = "https://example.eu.auth0.com/"
AUDIENCE = "https://api.example.com"
DOMAIN = "example.eu.auth0.com"


# Claims as types of one's own.


class TypedDictClaims(TypedDict):
    user_id: int


@dataclass
class DataclassClaims:
    user_id: int

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> "DataclassClaims":
        return cls(claims["user_id"])


class PydanticClaims(BaseModel):
    user_id: int


class MsgspecClaims(msgspec.Struct):
    user_id: int


def as_struct(claims: Mapping[str, Any]) -> MsgspecClaims:
    return msgspec.convert(claims, MsgspecClaims)


def as_typed_dict(claims: Mapping[str, Any]) -> TypedDictClaims:
    return cast("TypedDictClaims", claims)


def typed_claims(request: Request, websocket: WebSocket, scope: dict[str, Any]) -> None:
    plain = access_token(request)
    assert_type(plain, AccessToken)
    assert_type(plain.claims, Mapping[str, Any])
    assert_type(access_token(request, as_typed_dict).claims["user_id"], int)
    assert_type(access_token(websocket, DataclassClaims.of).claims.user_id, int)
    assert_type(access_token(scope, PydanticClaims.model_validate).claims.user_id, int)
    assert_type(access_token(scope, as_struct).claims.user_id, int)
    assert_type(plain.with_claims(as_typed_dict), AccessToken[TypedDictClaims])


def plain_values(token: AccessToken) -> None:
    assert_type(token.issuer, str)
    assert_type(token.subject, str | None)
    assert_type(token.client_id, str | None)
    assert_type(token.key_id, str | None)
    assert_type(token.scopes, tuple[str, ...])
    assert_type(token.permissions, tuple[str, ...])
    assert_type(token.expires_at, float)


# Without a web framework.


async def has_paid(token: AccessToken) -> bool:
    return "plan" in token.claims


async def resolver(iss: str) -> TrustedIssuer | None:
    return TrustedIssuer(issuer=iss, audience=AUDIENCE) if iss == ISSUER else None


def verifiers() -> list[AccessTokenVerifier]:
    secret = SharedSecret(secrets.token_bytes(32), algorithm="HS256")
    old, new = httpx.AsyncClient(), httpx2.AsyncClient()
    return [
        AccessTokenVerifier(
            [
                TrustedIssuer(issuer=ISSUER, audience=AUDIENCE, checks=[has_paid]),
                TrustedIssuer(issuer="own", audience=["a", "b"], keys=secret, profile="rfc9068"),
                TrustedIssuer(issuer="air", audience="a", keys=StaticJWKSet({"keys": []})),
                TrustedIssuer(issuer="old", audience="a", http_client=old),
                TrustedIssuer(
                    issuer="new",
                    audience="a",
                    keys=RemoteJWKSet("https://new.example/keys", http_client=new, max_age=300),
                ),
                issuer_from_env("ORDERS_"),
            ],
            verified_tokens=0,
        ),
        AccessTokenVerifier(resolver=resolver),
        AccessTokenVerifier(issuer=ISSUER, audience=AUDIENCE),
        AccessTokenVerifier(auth0(DOMAIN, audience=AUDIENCE)),
    ]


async def run(verifier: AccessTokenVerifier) -> None:
    async with verifier.running() as running:
        assert_type(running, AccessTokenVerifier)


async def verify(verifier: AccessTokenVerifier, token: str) -> Reason | str | None:
    try:
        verified = await verifier.verify(token)
    except InvalidToken as error:
        assert_type(error.reason, Reason)
        return error.reason
    except InsufficientScope as error:
        return " ".join(error.scopes)
    except KeySetError as error:
        assert_type(error.retry_after, float)
        raise
    except (ConfigurationError, AsgiJwksError):
        return None
    assert_type(verified, AccessToken)
    return verified.subject


# Starlette.


@requires("read:messages", condition=lambda token: token.subject is not None)
async def messages(request: Request) -> Response:
    return JSONResponse(access_token(request).subject)


@requires(roles="admin", claims={"realm_access.roles": ["a", "b"]}, condition=has_paid)
def admin(request: Request) -> Response:
    return JSONResponse(bearer_token(request))


def count(error: RequestError | TemporarilyUnavailable, scope: Mapping[str, Any]) -> None:
    """Metrics."""


def problem(content: RefusalContent) -> Mapping[str, Any]:
    assert_type(content.reason, Reason | None)
    return {"title": content.description}


def is_access_token(header: object, claims: Mapping[str, Any]) -> bool:
    return "scope" in claims


starlette = Starlette(
    routes=[
        Route("/messages", messages),
        Mount("/admin", Starlette(), middleware=[Middleware(requires("admin").around)]),
    ],
    middleware=[
        Middleware(JWTBearerMiddleware.configured(issuer=ISSUER, audience=AUDIENCE)),
        Middleware(JWTBearerMiddleware, issuer=ISSUER, audience=AUDIENCE),
        Middleware(JWTBearerMiddleware, TrustedIssuer(issuer=ISSUER, audience=AUDIENCE)),
        Middleware(JWTBearerMiddleware.configured(auth0(DOMAIN, audience=AUDIENCE))),
    ],
)
starlette.add_middleware(
    JWTBearerMiddleware.configured(
        auth0(DOMAIN, audience=AUDIENCE),
        TrustedIssuer(issuer="own", audience="a", kind=is_access_token, grants=["read"]),
        public_paths=["/health"],
        error_body=problem,
    )
)
starlette.add_middleware(JWTBearerMiddleware, auth0(DOMAIN, audience=AUDIENCE), realm="orders")
starlette.add_middleware(
    JWTBearerMiddleware,
    verifier=verifiers()[0],
    token_sources=[AuthorizationHeader(), Cookie("session"), WebSocketSubprotocol()],
    public_paths=["/health"],
    on_refused=count,
)
starlette.add_middleware(JWTBearerMiddleware.configured(**settings_from_env()))
several = JWTBearerMiddleware(starlette, [TrustedIssuer(issuer="a", audience="a")])
wrapped = JWTBearerMiddleware(starlette, issuer=ISSUER, audience=[AUDIENCE])


# FastAPI.

bearer = JWTBearer(
    TrustedIssuer(issuer=ISSUER, audience=AUDIENCE),
    login=AuthorizationCode(issuer=ISSUER, client_id="swagger", scopes={"read": "Read"}),
)
by_options = JWTBearer(
    issuer=ISSUER,
    audience=AUDIENCE,
    allow_anonymous=True,
    require_keys_at_startup=True,
    on_refused=count,
)
by_preset = JWTBearer(auth0(DOMAIN, audience=AUDIENCE), scheme_name="Auth0")
behind = JWTBearer(login=OpenIDConnect(issuer=ISSUER))
api = FastAPI()
bearer.attach(api)

Deleter = Annotated[AccessToken, Depends(bearer.requires(permissions=["delete:user"]))]


@api.get("/messages")
async def read_messages(
    token: Annotated[AccessToken, Security(bearer, scopes=["read:messages"])],
) -> str | None:
    return token.subject


@api.delete("/user")
async def delete_user(token: Deleter) -> str | None:
    return token.subject


@api.websocket("/socket")
async def socket(websocket: WebSocket, token: Annotated[AccessToken, Depends(behind)]) -> None:
    await websocket.send_text(token.issuer)


@api.get("/greeting")
async def greeting(
    token: Annotated[AccessToken | None, Depends(bearer.optional)],
) -> str | None:
    return None if token is None else token.subject


dependency: Callable[..., Awaitable[AccessToken | None]] = bearer


# Listeners: of all events, of key sets, and those that are ready to use.


def hear(event: Event) -> None:
    match event:
        case RequestAccepted():
            assert_type(event.access_token.principal, tuple[str, str])
            assert_type(event.seconds, float)
        case RouteRefused():
            assert_type(event.reason, Reason)
            assert_type(event.labels.issuer, str)
        case RefreshFailed():
            assert_type(event.url, str | None)
        case _:
            pass


def hear_of_keys(event: KeySetEvent) -> None:
    assert_type(event.key_set, str)


listener: Listener = hear
metrics = PrometheusMetrics()
watched = AccessTokenVerifier(issuer=ISSUER, audience=AUDIENCE)
heard = JWTBearerMiddleware(
    Starlette(routes=[Mount("/health", health_app(watched))]),
    auth0(DOMAIN, audience=AUDIENCE),
    listener=metrics,
    report_only=[auth0(DOMAIN, audience=AUDIENCE, profile="rfc9068")],
    end_at_expiry=True,
    health_path="/health",
)
told = AccessTokenVerifier(issuer=ISSUER, audience=AUDIENCE, listener=listener)
traced = JWTBearer(issuer=ISSUER, audience=AUDIENCE, listener=OpenTelemetry(user_id=True))
listened = RemoteJWKSet(issuer=ISSUER, listener=hear_of_keys)
listened.add_listener(hear)
