"""Needs of a whole application, scopes that imply others, and the age of logins."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from tests.support.trusted import ISSUER, trusted

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    ConfigurationError,
    InsufficientScope,
    InsufficientUserAuthentication,
    JWTBearerMiddleware,
    MissingToken,
    Requirement,
    StaticJWKSet,
    TrustedIssuer,
    requires,
)
from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.authorization import Authorization
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio


def bearer(issuer: MockIssuer = ISSUER, **options: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.access_token(**options)}"}


# The needs of the whole.


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_every_request_must_meet_the_needs_of_the_whole(
    guarded: Callable[..., Any],
    issuer: MockIssuer,
    kind: str,
    challenges_of: Callable[[str], Any],
) -> None:
    """K6, K9: checked, and named in the 401 as in the 403."""
    app = guarded(requires=Requirement("read", any_of=["a", "b"]), public_paths=["/health"])
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    accepted = await app(issuer.access_token(scopes="read b"), type=kind, extensions=extensions)
    assert accepted.scope["auth"].scopes == ("read", "b")
    for token, status in (
        (None, 401),
        (issuer.access_token(lifetime=-60), 401),
        (issuer.access_token(scopes="read"), 403),
        (issuer.access_token(scopes="a b"), 403),
    ):
        refused = await app(token, type=kind, extensions=extensions)
        assert refused.status == status
        assert refused.seen == []
        [(_, parameters)] = challenges_of(refused.headers["www-authenticate"])
        assert parameters["scope"] == "read a b"
        assert [error.scopes for error in refused.errors] == [("read", "a", "b")]
    assert (await app(path="/health", type=kind, extensions=extensions)).seen


@pytest.mark.parametrize(
    "needs",
    ["read", ["read"], ("read",), Requirement("read"), requires("read")],
    ids=["one scope", "a list", "a tuple", "a requirement", "a guard"],
)
async def test_the_needs_of_the_whole_are_scopes_or_a_requirement(
    guarded: Callable[..., Any], issuer: MockIssuer, needs: Any
) -> None:
    """A11"""
    app = guarded(requires=needs)
    assert (await app(issuer.access_token(scopes="read"))).seen
    assert (await app(issuer.access_token(scopes="write"))).status == 403


@pytest.mark.parametrize("wrong", [5, True, "", [], ["a b"], b"read", [None], {}.keys()])
def test_other_needs_are_told(guarded: Callable[..., Any], wrong: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError):
        guarded(requires=wrong)


def test_needs_and_anonymous_requests_exclude_each_other(guarded: Callable[..., Any]) -> None:
    """K9: what is declared and cannot be enforced."""
    with pytest.raises(ConfigurationError, match=r"requires=\.\.\. refuses every request without"):
        guarded(requires="read", allow_anonymous=True)


async def test_nobody_meets_the_needs_of_the_whole(guarded: Callable[..., Any]) -> None:
    """A6: should an anonymous request ever come so far."""
    app = guarded(requires="read")
    with pytest.raises(MissingToken):
        await app.guard._demand(Requirement("read"), None)


async def test_a_condition_of_the_whole_may_be_async(
    guarded: Callable[..., Any], issuer: MockIssuer
) -> None:
    """G10"""

    async def is_ada(token: AccessToken) -> bool:
        return token.claims.get("name") == "Ada"

    app = guarded(requires=Requirement(condition=is_ada))
    assert (await app(issuer.access_token(name="Ada"))).seen
    assert (await app(issuer.access_token(name="Bob"))).status == 403


# Scopes that others imply.


async def test_a_scope_that_is_implied_is_granted(
    guarded: Callable[..., Any], issuer: MockIssuer, challenges_of: Callable[[str], Any]
) -> None:
    """K7: and the challenge names the narrow one."""
    app = guarded(implied_scopes={"admin": ["write"], "write": ["read"]}, requires="read")
    for scopes in ("read", "write", "admin", "other admin"):
        assert (await app(issuer.access_token(scopes=scopes))).seen, scopes
    refused = await app(issuer.access_token(scopes="other"))
    [(_, parameters)] = challenges_of(refused.headers["www-authenticate"])
    assert parameters["scope"] == "read"


def test_guards_of_every_kind_know_the_implied_scopes() -> None:
    """K7"""

    @requires("read")
    async def in_loop(request: Request) -> Response:
        return PlainTextResponse("x")

    @requires("read")
    def in_thread(request: Request) -> Response:
        return PlainTextResponse("x")

    routes = [
        Route("/in-loop", in_loop),
        Route("/in-thread", in_thread),
        Mount("/around", requires("read").around(PlainTextResponse("x"))),
    ]
    app = JWTBearerMiddleware(Starlette(routes=routes), trusted(), implied_scopes={"write": "read"})
    client = TestClient(app)
    for path in ("/in-loop", "/in-thread", "/around"):
        assert client.get(path, headers=bearer(scopes="write")).status_code == 200
        assert client.get(path, headers=bearer(scopes="other")).status_code == 403


async def test_an_issuer_s_authority_bounds_the_implied_scopes_too() -> None:
    """P2, K7: a wide scope of a tenant does not reach beyond what the tenant may grant."""
    platform, tenant = (
        MockIssuer(issuer="https://p.example/"),
        MockIssuer(issuer="https://t.example/"),
    )
    resolved = MockIssuer(issuer="https://r.example/")

    async def resolver(iss: str) -> TrustedIssuer | None:
        return trusted(resolved, grants=["write", "read"]) if iss == resolved.issuer else None

    verifier = AccessTokenVerifier(
        trusted(platform), trusted(tenant, grants=["write", "list"]), resolver=resolver
    )

    def client(needed: str) -> TestClient:
        app = JWTBearerMiddleware(
            PlainTextResponse("x"),
            verifier=verifier,
            requires=needed,
            implied_scopes={"write": ["read", "list"]},
        )
        return TestClient(app)

    def status(needed: str, issuer: MockIssuer) -> int:
        return client(needed).get("/", headers=bearer(issuer, scopes="write")).status_code

    assert [status(needed, platform) for needed in ("write", "read", "list")] == [200, 200, 200]
    assert [status(needed, tenant) for needed in ("write", "read", "list")] == [200, 403, 200]
    # Of an issuer that is resolved, only that which its tokens say.
    assert [status(needed, resolved) for needed in ("write", "read", "list")] == [200, 403, 403]


async def test_no_hierarchy_is_no_hierarchy(
    guarded: Callable[..., Any], issuer: MockIssuer
) -> None:
    app = guarded(implied_scopes={}, requires="read")
    assert (await app(issuer.access_token(scopes="read"))).seen


# Step-up.


async def test_a_login_grows_too_old_for_a_token_that_is_cached(
    guarded: Callable[..., Any], challenges_of: Callable[[str], Any]
) -> None:
    """K8: RFC 9470, section 3: the same token, the first time accepted."""
    now = 1_700_000_000.0
    issuer = MockIssuer(clock=lambda: now)
    times = [now]
    verifier = AccessTokenVerifier(trusted(issuer), clock=lambda: times[-1])
    app = guarded(verifier=verifier, requires=Requirement("pay", acr="mfa", max_age=300))
    token = issuer.access_token(scopes="pay", acr="mfa", auth_time=now - 100)
    assert (await app(token)).seen
    times.append(now + 200)
    assert (await app(token)).seen
    times.append(now + 201)
    refused = await app(token)
    assert refused.status == 401
    assert refused.seen == []
    [(scheme, parameters)] = challenges_of(refused.headers["www-authenticate"])
    assert scheme == "bearer"
    assert parameters == {
        "realm": "api",
        "error": "insufficient_user_authentication",
        "error_description": "This request needs a login of another kind, or a more recent one",
        "acr_values": "mfa",
        "max_age": "300",
        "scope": "pay",
    }
    assert json.loads(refused.body)["error"] == "insufficient_user_authentication"


@pytest.mark.parametrize("claims", [{}, {"acr": "pwd"}, {"acr": ["mfa"]}])
async def test_the_log_says_what_the_login_lacks(
    guarded: Callable[..., Any], issuer: MockIssuer, claims: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """P4, N10"""
    caplog.set_level(logging.INFO, "asgi_jwks.requests")
    app = guarded(requires=Requirement(acr="mfa"))
    refused = await app(issuer.access_token(**claims))
    assert isinstance(refused.errors[0], InsufficientUserAuthentication)
    [record] = caplog.records
    assert record.getMessage().startswith("refused with 401 insufficient_user_authentication")
    assert "have the client send the user to log in" in record.getMessage()
    assert vars(record)["hint"] == "step_up"


# One challenge names everything, in whatever layer it is refused.


def test_one_challenge_names_the_needs_of_all_layers(challenges_of: Callable[[str], Any]) -> None:
    """K6"""

    @requires("read")
    @requires("own", acr="mfa")
    async def item(request: Request) -> Response:
        if "x" in request.query_params:
            raise InsufficientScope("item:5")
        return PlainTextResponse("item")

    inner = Starlette(
        routes=[Route("/item/{id}", item)],
        exception_handlers={InsufficientScope: refused},
    )
    app = JWTBearerMiddleware(
        Starlette(routes=[Mount("/shop", requires("shop").around(inner))]),
        trusted(),
        requires="api",
    )
    client = TestClient(app)
    everything = "api shop read own"

    def named(path: str, headers: Any = None) -> tuple[int, str]:
        answer = client.get(path, headers=headers)
        [(_, parameters)] = challenges_of(answer.headers["www-authenticate"])
        return answer.status_code, parameters.get("scope")

    assert named("/shop/item/5") == (401, everything)
    assert named("/shop/item/5", bearer(scopes="")) == (403, everything)
    assert named("/shop/item/5", bearer(scopes="api")) == (403, everything)
    assert named("/shop/item/5", bearer(scopes="api shop", acr="mfa")) == (403, everything)
    assert named("/shop/item/5", bearer(scopes="api shop")) == (401, everything)
    good = bearer(scopes=everything, acr="mfa")
    assert client.get("/shop/item/5", headers=good).status_code == 200
    assert named("/shop/item/5?x=1", good) == (403, f"{everything} item:5")
    assert named("/elsewhere") == (401, "api")
    assert named("/shop/") == (401, "api shop")


async def refused(request: Request, error: Exception) -> Response:
    from asgi_jwks import refusal_of

    assert isinstance(error, InsufficientScope)
    refusal = refusal_of(request, error)
    response = Response(refusal.body, refusal.status)
    response.raw_headers = [*refusal.headers]
    return response


def test_two_guards_of_one_endpoint_are_one() -> None:
    """K6, K9: conditions are asked once, the outer one's first."""
    asked: list[str] = []

    def note(name: str) -> Callable[[AccessToken], bool]:
        def condition(_: AccessToken) -> bool:
            asked.append(name)
            return True

        return condition

    @requires("outer", condition=note("outer"))
    @requires("inner", condition=note("inner"))
    def endpoint(request: Request) -> Response:
        return PlainTextResponse("x")

    app = JWTBearerMiddleware(Starlette(routes=[Route("/", endpoint)]), trusted())
    assert TestClient(app).get("/", headers=bearer(scopes="outer inner")).status_code == 200
    assert asked == ["outer", "inner"]
    for scopes in ("outer", "inner"):
        answer = TestClient(app).get("/", headers=bearer(scopes=scopes))
        assert answer.headers["www-authenticate"].endswith('scope="outer inner"')


class OwnError(InsufficientScope):
    """With a constructor of its own."""

    def __init__(self, *, needs: str) -> None:
        super().__init__(needs)


def test_an_error_that_an_application_raises_for_every_request_is_not_changed() -> None:
    """K6: the scopes of one route never show in the challenge of another."""
    shared = OwnError(needs="own")
    verifier = AccessTokenVerifier(
        issuer="https://issuer.example/", audience="api", keys=StaticJWKSet(MockIssuer().jwk_set())
    )
    for demanded in ("first", "second"):
        guarded = Authentication(verifier, authorization=Authorization(requires=demanded))
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        fields = dict(guarded.refusal(shared, scope).headers)
        assert f'scope="{demanded} own"'.encode() in fields[b"www-authenticate"]
    assert shared.scopes == ("own",)
