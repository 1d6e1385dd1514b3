"""FastAPI: the dependency by itself; that it answers as the middleware does, the matrix shows."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

import anyio
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Security, WebSocket
from fastapi.responses import JSONResponse
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from tests.support.fastapi_app import SUBJECT, application, headers, trusted

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    ConfigurationError,
    Cookie,
    InsufficientScope,
    InvalidToken,
    JWTBearerMiddleware,
    KeySetUnavailable,
    MissingToken,
    Reason,
    StaticJWKSet,
    TrustedIssuer,
    WebSocketSubprotocol,
    requires,
)
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer


@pytest.fixture(scope="module")
def provider() -> MockIssuer:
    return MockIssuer()


@pytest.fixture
def issuer(provider: MockIssuer) -> Iterator[MockIssuer]:
    yield provider
    provider.reset()


def test_fastapi_reads_a_body_before_the_dependency_and_the_middleware_refuses_before(
    issuer: MockIssuer,
) -> None:
    """A8: the guide says so."""
    read: list[int] = []

    async def app_of(*, is_guarded: bool) -> int:
        bearer = JWTBearer() if is_guarded else JWTBearer(trusted(issuer))
        app = FastAPI()

        @app.post("/orders")
        async def order(
            body: dict[str, Any], token: Annotated[AccessToken, Depends(bearer)]
        ) -> Any:
            raise AssertionError

        async def receive() -> Any:
            read.append(len(read))
            return {"type": "http.request", "body": b"{", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        sent: list[Any] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/orders",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        whole: Any = JWTBearerMiddleware(app, trusted(issuer)) if is_guarded else app
        await whole(scope, receive, send)
        status: int = sent[0]["status"]
        return status

    assert anyio.run(partial(app_of, is_guarded=False)) == 422
    assert read.pop() == 0
    assert anyio.run(partial(app_of, is_guarded=True)) == 401
    assert not read


# One line less: `attach` is forgotten.


def test_without_attach_the_status_and_the_challenge_are_right(issuer: MockIssuer) -> None:
    """B1, B3, B6: and so is the body."""
    client = TestClient(application(JWTBearer(trusted(issuer), realm="orders")))
    nobody = client.get("/me")
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == 'Bearer realm="orders"'
    assert nobody.headers["cache-control"] == "no-store"
    assert nobody.json() == {
        "error": "missing_token",
        "error_description": "A Bearer access token is required",
    }
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


def test_without_attach_a_websocket_gets_the_refusal_itself(issuer: MockIssuer) -> None:
    """C1, C2"""
    client = TestClient(application(JWTBearer(trusted(issuer))))
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/socket"):
        pass
    assert refused.value.status_code == 401
    assert refused.value.headers["www-authenticate"] == 'Bearer realm="api", scope="read"'


def test_without_attach_errors_of_endpoints_are_answered_too(issuer: MockIssuer) -> None:
    app = FastAPI(dependencies=[Depends(JWTBearer(trusted(issuer), realm="orders"))])

    @app.get("/mine")
    async def mine() -> None:
        raise InsufficientScope("everything")

    response = TestClient(app).get("/mine", headers=headers(issuer))
    assert response.status_code == 403
    assert response.headers["www-authenticate"].startswith('Bearer realm="orders", error="ins')


@pytest.mark.parametrize("is_attached", [True, False], ids=["attached", "not attached"])
def test_a_mounted_application_answers_as_the_one_around_it_does(
    issuer: MockIssuer, is_attached: bool
) -> None:
    """B1, B3, B6"""
    bearer = JWTBearer(trusted(issuer), realm="orders")
    app = application(bearer)
    if is_attached:
        bearer.attach(app)
    app.mount("/sub", application(bearer))
    client = TestClient(app)
    for path in ("/me", "/read"):
        outer, inner = (client.get(at + path, headers=headers(issuer)) for at in ("", "/sub"))
        assert outer.status_code == inner.status_code == (200 if path == "/me" else 403)
        assert outer.headers == inner.headers
        assert outer.content == inner.content
        nobody = client.get("/sub" + path)
        assert nobody.content == client.get(path).content
        assert nobody.status_code == 401


def test_an_application_s_own_handler_of_http_exceptions_is_left_alone(issuer: MockIssuer) -> None:
    """It is how an application that has one words its errors; the challenge is at hand for it."""
    app = application(JWTBearer(trusted(issuer)))

    @app.exception_handler(HTTPException)
    async def own(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"mine": error.detail}, error.status_code, dict(error.headers or {}))

    response = TestClient(app).get("/me")
    assert response.status_code == 401
    assert response.json() == {"mine": "A Bearer access token is required"}
    assert response.headers["www-authenticate"] == 'Bearer realm="api"'


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
    with pytest.raises(ConfigurationError, match="belong to the AccessTokenVerifier"):
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


def test_a_stand_in_serves_wherever_the_dependency_is_asked() -> None:
    """`optional` and `requires` included, whose demands are made of its token."""
    bearer = JWTBearer()
    app = FastAPI()

    @app.get("/greeting")
    async def greeting(token: Annotated[AccessToken | None, Depends(bearer.optional)]) -> Any:
        return None if token is None else token.subject

    @app.get("/admin")
    async def admin(
        token: Annotated[AccessToken, Depends(bearer.requires("a", roles="admin"))],
    ) -> Any:
        return token.subject

    claims: dict[str, Any] = {
        "iss": "https://issuer.example/",
        "exp": 4_000_000_000,
        "scope": "a",
        "roles": ["admin"],
    }

    def stand_in(who: str = "me") -> AccessToken:
        return AccessToken({**claims, "sub": who})

    app.dependency_overrides[bearer] = stand_in
    client = TestClient(app)
    assert [client.get(path).json() for path in ("/greeting", "/admin")] == ["me", "me"]
    assert client.get("/admin?who=ada").json() == "ada"
    claims["scope"] = "b"
    refused = client.get("/admin")
    assert (refused.status_code, client.get("/greeting").json()) == (403, "me")
    assert refused.headers["www-authenticate"].endswith('scope="a"')
    app.dependency_overrides[bearer] = lambda: None
    assert client.get("/greeting").json() is None
    assert client.get("/admin").status_code == 401
    app.dependency_overrides[bearer] = lambda: "a token"
    with pytest.raises(TypeError, match="must return an AccessToken, which demands are made of"):
        client.get("/admin")
    app.dependency_overrides.clear()
    with pytest.raises(LookupError, match="JWTBearerMiddleware"):
        client.get("/admin")


# Two of them.


def test_two_on_one_endpoint_judge_by_their_own_rules(issuer: MockIssuer) -> None:
    """E5: neither takes the other's token for its own."""
    provider = MockIssuer(issuer="https://other.example/")
    user = JWTBearer(trusted(issuer), realm="users")
    service = JWTBearer(
        trusted(provider), realm="services", token_sources=Cookie("service"), scheme_name="Service"
    )
    app = FastAPI()

    @app.get("/both")
    async def both(
        request: Request,
        a: Annotated[AccessToken, Depends(user)],
        b: Annotated[AccessToken, Depends(service)],
        again: Annotated[AccessToken, Security(user, scopes=["read"])],
    ) -> Any:
        return [a.issuer, b.issuer, again is a, request.user.identity == b.identity]

    good = headers(issuer, scopes="read")
    cookie = {"cookie": f"service={provider.access_token()}"}
    swapped = {"cookie": f"service={issuer.access_token()}"}
    client = TestClient(app)
    assert client.get("/both", headers={**good, **cookie}).json() == [
        issuer.issuer,
        provider.issuer,
        True,
        True,
    ]
    without = client.get("/both", headers=good)
    assert without.status_code == 401
    assert without.headers["www-authenticate"] == 'Bearer realm="services"'
    assert client.get("/both", headers={**good, **swapped}).status_code == 401
    lacking = client.get("/both", headers={**headers(issuer), **cookie})
    assert lacking.headers["www-authenticate"].startswith('Bearer realm="users", error="insuff')


def test_one_that_finds_nobody_leaves_the_other_s_user(issuer: MockIssuer) -> None:
    """A10"""
    app = FastAPI()
    by_header = JWTBearer(trusted(issuer))
    by_cookie = JWTBearer(trusted(issuer), token_sources=Cookie("at"), scheme_name="Cookie")

    @app.get("/me")
    async def me(
        request: Request,
        token: Annotated[AccessToken, Depends(by_header)],
        other: Annotated[AccessToken | None, Depends(by_cookie.optional)],
    ) -> Any:
        return [request.user.identity, other]

    response = TestClient(app).get("/me", headers=headers(issuer))
    assert response.json() == [SUBJECT, None]


def test_the_middleware_s_token_is_not_taken_for_another_s(issuer: MockIssuer) -> None:
    """E5: whichever comes first on an endpoint."""
    provider = MockIssuer(issuer="https://other.example/")
    from_middleware = JWTBearer()
    by_cookie = JWTBearer(trusted(provider), token_sources=Cookie("at"), scheme_name="Cookie")
    app = FastAPI()

    @app.get("/me")
    async def me(
        other: Annotated[AccessToken, Depends(by_cookie)],
        token: Annotated[AccessToken, Depends(from_middleware)],
    ) -> Any:
        return [token.issuer, other.issuer]

    cookie = {"cookie": f"at={provider.access_token()}"}
    guarded = JWTBearerMiddleware(app, trusted(issuer))
    answer = TestClient(guarded).get("/me", headers={**headers(issuer), **cookie})
    assert answer.json() == [issuer.issuer, provider.issuer]
    lenient = JWTBearerMiddleware(app, trusted(issuer), allow_anonymous=True, realm="outer")
    refused = TestClient(lenient).get("/me", headers=cookie)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="outer"'
    with pytest.raises(LookupError, match="JWTBearerMiddleware"):
        TestClient(app).get("/me", headers=cookie)


# What the middleware can do.


def test_anonymous_requests_may_pass_where_no_scope_is_asked_for(issuer: MockIssuer) -> None:
    """A6, A10"""
    bearer = JWTBearer(trusted(issuer), allow_anonymous=True)
    app = FastAPI(dependencies=[Depends(bearer)])

    @app.get("/greeting")
    async def greeting(request: Request) -> Any:
        return [request.user.is_authenticated, list(request.auth.scopes)]

    @app.get("/read", dependencies=[Security(bearer, scopes=["read"])])
    async def read() -> None: ...

    @app.get("/admin", dependencies=[Depends(bearer.requires(roles="admin"))])
    async def admin() -> None: ...

    client = TestClient(app)
    spoofed = {"x-user": "admin"}
    assert client.get("/greeting", headers=spoofed).json() == [False, []]
    good = client.get("/greeting", headers=headers(issuer, scopes="read"))
    assert good.json() == [True, ["read"]]
    assert client.get("/greeting", headers={"authorization": "Bearer x"}).status_code == 401
    for path, scope in (("/read", ', scope="read"'), ("/admin", "")):
        refused = client.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == f'Bearer realm="api"{scope}'


def test_the_start_fails_without_keys_where_that_is_configured(issuer: MockIssuer) -> None:
    """C4"""
    issuer.jwks.fail(status=500)
    bearer = JWTBearer(trusted(issuer), require_keys_at_startup=True)
    app = application(bearer)
    bearer.attach(app)
    with pytest.raises(KeySetUnavailable), TestClient(app):
        pass


def test_on_refused_hears_of_every_refusal_once(issuer: MockIssuer, caplog: Any) -> None:
    """B12: of an endpoint's own as well, and the debug log too."""
    caplog.set_level(logging.DEBUG, "asgi_jwks.requests")
    heard: list[Any] = []
    bearer = JWTBearer(
        trusted(issuer), on_refused=lambda error, _: heard.append(getattr(error, "reason", None))
    )
    app = application(bearer)
    bearer.attach(app)

    @app.get("/admin", dependencies=[Depends(bearer.requires("read", roles="admin"))])
    async def admin() -> None: ...

    @app.get("/mine", dependencies=[Depends(bearer)])
    async def mine() -> None:
        raise InsufficientScope("everything")

    client = TestClient(app)
    lacking, malformed = headers(issuer), {"authorization": "Bearer:x"}
    cases: list[tuple[str, Any, Reason]] = [
        ("/me", {}, Reason.MISSING_TOKEN),
        ("/me", malformed, Reason.INVALID_CREDENTIALS),
        ("/me", headers(issuer, lifetime=-60), Reason.EXPIRED),
        ("/read", lacking, Reason.INSUFFICIENT_SCOPE),
        ("/admin", lacking, Reason.INSUFFICIENT_SCOPE),
        ("/admin", headers(issuer, scopes="read"), Reason.INSUFFICIENT_SCOPE),
        ("/mine", lacking, Reason.INSUFFICIENT_SCOPE),
    ]
    for path, fields, reason in cases:
        heard.clear()
        caplog.clear()
        assert client.get(path, headers=fields).status_code in {400, 401, 403}
        assert heard == [reason]
        assert sum(record.levelno == logging.DEBUG for record in caplog.records) == 1
    heard.clear()
    with pytest.raises(WebSocketDenialResponse), client.websocket_connect("/socket"):
        pass
    assert heard == [Reason.MISSING_TOKEN]


@pytest.mark.parametrize("own", [None, "own"])
def test_the_middleware_s_listener_hears_of_a_dependency_that_has_none(
    issuer: MockIssuer, own: str | None
) -> None:
    """B12"""
    outer: list[Any] = []
    inner: list[Any] = []
    listener = None if own is None else lambda error, _scope: inner.append(error)
    bearer = JWTBearer(
        issuer=issuer.issuer,
        audience="other",
        http_client=issuer.http_client(),
        on_refused=listener,
    )
    app = JWTBearerMiddleware(
        application(bearer), trusted(issuer), on_refused=lambda error, _: outer.append(error)
    )
    assert TestClient(app).get("/me", headers=headers(issuer)).status_code == 401
    assert (len(outer), len(inner)) == ((1, 0) if own is None else (0, 1))


def test_it_hears_of_what_endpoints_raise_behind_one_too(issuer: MockIssuer) -> None:
    """B12"""
    heard: list[Any] = []
    bearer = JWTBearer(trusted(issuer), realm="inner")
    app = FastAPI(dependencies=[Depends(bearer)])

    @app.get("/mine")
    async def mine() -> None:
        raise InsufficientScope("everything")

    guarded = JWTBearerMiddleware(
        app, trusted(issuer), on_refused=lambda error, _: heard.append(error)
    )
    answer = TestClient(guarded).get("/mine", headers=headers(issuer))
    assert answer.headers["www-authenticate"].startswith('Bearer realm="inner", error="insuff')
    assert len(heard) == 1


def test_a_body_of_the_application_s_own(issuer: MockIssuer) -> None:
    """B1, B6: status and challenge stay."""
    bearer = JWTBearer(
        trusted(issuer), error_body=lambda content: {"code": content.error, "ok": False}
    )
    app = application(bearer)
    response = TestClient(app).get("/read", headers=headers(issuer))
    assert response.status_code == 403
    assert response.json() == {"code": "insufficient_scope", "ok": False}
    assert response.headers["www-authenticate"].endswith('scope="read"')
    assert response.headers["cache-control"] == "no-store"


def test_options_of_one_issuer_serve_as_well_as_an_object(issuer: MockIssuer) -> None:
    bearer = JWTBearer(
        issuer=issuer.issuer, audience=issuer.audience, http_client=issuer.http_client()
    )
    assert TestClient(application(bearer)).get("/me", headers=headers(issuer)).json() == SUBJECT


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"audiance": "a"}, "JWTBearer has no option audiance. Did you mean audience?"),
        ({"public_paths": ["/"]}, "JWTBearer has no option public_paths."),
        ({"realm": "orders"}, "Write JWTBearer(..., issuer="),
        ({"allow_anonymous": "no"}, "allow_anonymous must be True or False"),
    ],
    ids=["misspelt", "the middleware's own", "no issuer", "a string for a flag"],
)
def test_a_wrong_option_is_told_at_construction(options: Any, sentence: str) -> None:
    """A11"""
    if "allow_anonymous" in options:
        options = {**options, "issuer": "https://i/", "audience": "a"}
    with pytest.raises(ConfigurationError) as error:
        JWTBearer(**options)
    assert str(error.value).startswith(sentence)


def test_the_class_in_the_place_of_an_instance_is_told_where_it_is_written() -> None:
    """A11: FastAPI would ask for its options as parameters of the request."""
    app = FastAPI()
    with pytest.raises(ConfigurationError, match=r"Write bearer = JWTBearer\(issuer="):

        @app.get("/me")
        def me(token: Annotated[Any, Depends(JWTBearer)]) -> None: ...


def test_the_decorator_is_not_a_dependency() -> None:
    """A11: FastAPI would ask each request for a parameter of that name."""
    app = FastAPI()
    with pytest.raises(ConfigurationError, match=r"Write Depends\(bearer\.requires\(\.\.\.\)\)"):

        @app.get("/x", dependencies=[Depends(requires("read"))])
        def x() -> None: ...


def test_only_an_application_of_fastapi_can_be_completed() -> None:
    """A11"""
    bearer: Any = JWTBearer(issuer="https://i.example/", audience="a")
    with pytest.raises(ConfigurationError, match=r"^attach\(\) is for a FastAPI application; got"):
        bearer.attach(Starlette())


# Scopes that no token can grant.


def with_impossible_scope(bearer: JWTBearer, where: str) -> FastAPI:
    app = FastAPI()
    impossible = Security(bearer, scopes=["read write"])
    router = APIRouter(dependencies=[impossible] if where == "router" else [])

    @router.get("/x", dependencies=[impossible] if where == "route" else [])
    async def x() -> None: ...

    if where == "nested":

        def user(token: Annotated[AccessToken, Depends(bearer)]) -> None: ...

        @router.get("/nested", dependencies=[Security(user, scopes=["read write"])])
        async def nested() -> None: ...

    if where == "websocket":

        @router.websocket("/socket", dependencies=[impossible])
        async def socket(websocket: WebSocket) -> None: ...

    if where == "include":
        app.include_router(router, dependencies=[impossible])
    elif where == "mount":
        mounted = FastAPI(dependencies=[impossible])
        mounted.add_api_route("/x", x)
        app.mount("/sub", mounted)
    else:
        app.include_router(router)
    return app


@pytest.mark.parametrize("where", ["route", "router", "nested", "websocket", "include", "mount"])
def test_a_scope_with_spaces_stops_the_start(issuer: MockIssuer, where: str) -> None:
    """A11"""
    bearer = JWTBearer(trusted(issuer))
    app = with_impossible_scope(bearer, where)
    words = r"demands the scope 'read write', which no token"
    with pytest.raises(ConfigurationError, match=words):
        bearer.attach(app)
    # Of routes that are added after it, the start tells.
    later = FastAPI()
    bearer.attach(later)
    later.mount("/below", app)
    with pytest.raises(ConfigurationError, match=words), TestClient(later):
        pass


def test_without_attach_it_is_a_refusal_that_the_log_explains_once(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """A11, G9: a demand that cannot be met is a 403 and not a 500."""
    client = TestClient(with_impossible_scope(JWTBearer(trusted(issuer)), "route"))
    for _ in range(2):
        response = client.get("/x", headers=headers(issuer, scopes="read write"))
        assert response.status_code == 403
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "no token can grant the scope 'read write'" in record.getMessage()


def test_scopes_that_can_be_granted_do_not_stop_the_start(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer))
    app = application(bearer)

    @app.get("/maybe", dependencies=[Depends(bearer.optional)])
    async def maybe() -> None: ...

    router = APIRouter()
    router.add_api_route("/included", maybe)
    app.include_router(router, prefix="/one", dependencies=[Depends(bearer)])
    app.include_router(router, prefix="/two", dependencies=[Depends(maybe)])
    bearer.attach(app)
    with TestClient(app) as client:
        assert client.get("/maybe").status_code == 200


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
    assert client.get("/greeting", headers={"authorization": "Basic x"}).json() is None
    assert client.get("/greeting", headers={"authorization": "Bearer,x"}).status_code == 400
    expired = client.get("/greeting", headers=headers(issuer, lifetime=-60))
    assert expired.status_code == 401
    assert 'error="invalid_token"' in expired.headers["www-authenticate"]


def test_a_check_cannot_make_somebody_nobody(issuer: MockIssuer) -> None:
    """A6, G10"""

    def check(token: AccessToken) -> bool:
        raise MissingToken

    bearer = JWTBearer(trusted(issuer, checks=[check]))
    app = FastAPI(dependencies=[Depends(bearer.optional)])
    app.add_api_route("/greeting", lambda: None)
    client = TestClient(app)
    assert client.get("/greeting").status_code == 200
    assert client.get("/greeting", headers=headers(issuer)).status_code == 401


def test_an_optional_token_may_have_to_grant_scopes(issuer: MockIssuer) -> None:
    bearer = JWTBearer(trusted(issuer))
    app = FastAPI(dependencies=[Security(bearer.optional, scopes=["read"])])
    app.add_api_route("/greeting", lambda: None)
    client = TestClient(app)
    assert client.get("/greeting").status_code == 200
    assert client.get("/greeting", headers=headers(issuer)).status_code == 403
    assert client.get("/greeting", headers=headers(issuer, scopes="read")).status_code == 200


def test_what_is_optional_here_is_required_there(issuer: MockIssuer) -> None:
    """Neither answer is taken for the other by FastAPI's cache of one request."""
    bearer = JWTBearer(trusted(issuer))
    app = FastAPI(dependencies=[Depends(bearer.optional), Depends(bearer)])
    app.add_api_route("/greeting", lambda: None)
    assert TestClient(app).get("/greeting").status_code == 401


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
    for scopes in ("", "users", "users root", "root"):
        refused = client.delete("/user", headers=headers(issuer, scopes=scopes))
        assert refused.status_code == 403
        assert refused.headers["www-authenticate"].endswith('scope="users admin root delete:user"')
    operation = app.openapi()["paths"]["/user"]["delete"]
    assert operation["security"] == [
        {"JWTBearer": ["users", "delete:user", "admin"]},
        {"JWTBearer": ["users", "delete:user", "root"]},
    ]


def test_a_condition_of_a_requirement_may_be_async(issuer: MockIssuer) -> None:
    """G10"""

    async def is_ada(token: AccessToken) -> bool:
        return token.claims.get("name") == "Ada"

    bearer = JWTBearer(trusted(issuer))
    app = FastAPI(dependencies=[Depends(bearer.requires(condition=is_ada))])
    app.add_api_route("/x", lambda: None)
    client = TestClient(app)
    assert client.get("/x", headers=headers(issuer, name="Ada")).status_code == 200
    assert client.get("/x", headers=headers(issuer, name="Bob")).status_code == 403


def test_two_requirements_of_one_endpoint_are_both_checked(issuer: MockIssuer) -> None:
    """FastAPI calls a dependency once that is asked for the same scopes twice."""
    bearer = JWTBearer(trusted(issuer))
    app = FastAPI(
        dependencies=[
            Depends(bearer.requires("a", any_of=["b"])),
            Depends(bearer.requires("a", any_of=["c"])),
        ]
    )
    app.add_api_route("/x", lambda: None)
    client = TestClient(app)
    assert client.get("/x", headers=headers(issuer, scopes="a b c")).status_code == 200
    assert client.get("/x", headers=headers(issuer, scopes="a b")).status_code == 403
    assert client.get("/x", headers=headers(issuer, scopes="a c")).status_code == 403


def test_an_override_of_one_requirement_leaves_the_others(issuer: MockIssuer) -> None:
    """K9: nothing is silently not enforced."""
    bearer = JWTBearer(trusted(issuer))
    needs_admin, needs_users = bearer.requires(roles="admin"), bearer.requires("users")
    app = FastAPI(dependencies=[Depends(needs_users)])

    @app.get("/admin")
    async def admin(token: Annotated[AccessToken, Depends(needs_admin)]) -> Any:
        return token.subject

    claims = {"iss": "i", "sub": "me", "exp": 4_000_000_000, "scope": "users"}
    app.dependency_overrides[needs_admin] = lambda: AccessToken(claims)
    client = TestClient(app)
    assert client.get("/admin").status_code == 401
    assert client.get("/admin", headers=headers(issuer, scopes="users")).json() == "me"
    app.dependency_overrides[bearer] = lambda: AccessToken({**claims, "scope": "other"})
    assert client.get("/admin", headers=headers(issuer, scopes="users")).status_code == 403


def test_the_scopes_around_a_requirement_are_demanded_with_it(issuer: MockIssuer) -> None:
    """K6, K9: `Security(bearer.requires(...), scopes=[...])` names all in one challenge."""
    bearer = JWTBearer(trusted(issuer))
    required = bearer.requires("a", acr="mfa")

    def user(token: Annotated[AccessToken, Depends(required)]) -> Any:
        return token.subject

    app = FastAPI()
    app.add_api_route("/x", lambda: None, dependencies=[Security(user, scopes=["b"])])
    app.add_api_route("/y", lambda: None, dependencies=[Security(required, scopes=["c d"])])
    client = TestClient(app)
    good = headers(issuer, scopes="a b", acr="mfa")
    assert client.get("/x", headers=good).status_code == 200
    assert client.get("/x").headers["www-authenticate"] == 'Bearer realm="api", scope="b a"'
    lacking = client.get("/x", headers=headers(issuer, scopes="a", acr="mfa"))
    assert lacking.status_code == 403
    assert lacking.headers["www-authenticate"].endswith('scope="b a"')
    weak = client.get("/x", headers=headers(issuer, scopes="a"))
    assert weak.status_code == 401
    assert weak.headers["www-authenticate"].endswith('acr_values="mfa", scope="b a"')
    assert client.get("/y", headers=good).status_code == 403


def test_one_challenge_names_the_needs_of_all_dependencies_of_a_route(issuer: MockIssuer) -> None:
    """K6: those of an included router as well, whichever of them refuses."""
    bearer, other = JWTBearer(trusted(issuer)), JWTBearer(trusted(issuer), scheme_name="Other")
    router = APIRouter(dependencies=[Depends(bearer)])

    @router.get("/x", dependencies=[Security(bearer, scopes=["write"])])
    async def x(token: Annotated[AccessToken, Depends(bearer.requires("own"))]) -> None: ...

    @router.get("/z", dependencies=[Security(other, scopes=["other"])])
    async def z() -> None: ...

    app = FastAPI()
    app.include_router(router, prefix="/in", dependencies=[Security(bearer, scopes=["read"])])
    client = TestClient(app)
    for refused in (client.get("/in/x"), client.get("/in/x", headers=headers(issuer, scopes="x"))):
        named = refused.headers["www-authenticate"].split('scope="')[1].rstrip('"').split()
        assert sorted(named) == ["own", "read", "write"]
    # Another JWTBearer is another resource's.
    assert client.get("/in/z").headers["www-authenticate"].endswith('scope="read"')


def test_no_challenge_names_the_needs_of_another_route(issuer: MockIssuer) -> None:
    """K6, A11: also where a check raises the same error for every request."""
    refused = InvalidToken(Reason.CHECK_FAILED)

    def check(_token: AccessToken) -> bool:
        raise refused

    bearer, app = JWTBearer(trusted(issuer, checks=[check])), FastAPI()
    for name in ("read", "write"):
        app.get(f"/{name}", dependencies=[Security(bearer, scopes=[name])])(lambda: None)
    client = TestClient(app)
    for name in ("read", "write", "read"):
        answer = client.get(f"/{name}", headers=headers(issuer))
        assert answer.headers["www-authenticate"].endswith(f'scope="{name}"')
    assert refused.scopes == ()


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


def test_one_line_is_logged_at_info_for_all_requests_of_a_cause(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """N10, W6"""
    caplog.set_level(logging.INFO, "asgi_jwks.requests")
    client = TestClient(application(JWTBearer(trusted(issuer))))
    for _ in range(3):
        client.get("/me")
    [record] = [r for r in caplog.records if r.name == "asgi_jwks.requests"]
    assert "no Bearer token" in record.getMessage()
