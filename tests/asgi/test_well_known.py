"""The metadata of protected resources: where they are served, to whom, and what they say."""

import json
import logging
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from tests.support.trusted import ISSUER, trusted

from asgi_jwks import (
    AccessTokenVerifier,
    AuthorizationHeader,
    ConfigurationError,
    Cookie,
    DPoP,
    JWTBearerMiddleware,
    ProtectedResource,
    ProtectedResourceMetadata,
    Requirement,
    StaticJWKSet,
    TLSExtension,
    TrustedIssuer,
    requires,
)
from asgi_jwks.asgi.resource_checks import difference_of
from asgi_jwks.asgi.well_known import WellKnown
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio

RESOURCE = "https://api.example.com/mcp"
METADATA = "/.well-known/oauth-protected-resource"


async def test_a_client_without_a_token_is_answered(guarded: Callable[..., Any]) -> None:
    """K1, K3, K4: by what is enforced."""
    app = guarded(resource=RESOURCE, requires="mcp:tools")
    answer = await app(path=f"{METADATA}/mcp")
    assert answer.status == 200
    assert answer.headers == {
        "access-control-allow-origin": "*",
        "content-type": "application/json",
        "cache-control": "public, max-age=300",
        "content-length": str(len(answer.body)),
    }
    assert json.loads(answer.body) == {
        "resource": RESOURCE,
        "authorization_servers": [ISSUER.issuer],
        "scopes_supported": ["mcp:tools"],
        "bearer_methods_supported": ["header"],
    }
    assert answer.seen == []


async def test_head_has_no_body_and_other_methods_have_no_document(
    guarded: Callable[..., Any],
) -> None:
    """K1"""
    app = guarded(resource=RESOURCE)
    got, head = [await app(path=f"{METADATA}/mcp", method=method) for method in ("GET", "HEAD")]
    assert (head.status, head.headers, head.body) == (200, got.headers, b"")
    options = await app(path=f"{METADATA}/mcp", method="OPTIONS")
    assert (options.status, options.body) == (204, b"")
    assert options.headers == {
        "access-control-allow-origin": "*",
        "allow": "GET, HEAD, OPTIONS",
        "access-control-allow-methods": "GET, HEAD, OPTIONS",
        "access-control-allow-headers": "*",
    }
    post = await app(path=f"{METADATA}/mcp", method="POST")
    assert (post.status, post.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert post.headers["content-length"] == "0"
    assert app.seen == []


async def test_they_are_served_while_keys_are_unavailable() -> None:
    """K1"""
    issuer = MockIssuer()
    issuer.jwks.fail(status=500)
    app = JWTBearerMiddleware(
        PlainTextResponse("never"),
        issuer=issuer.issuer,
        audience=issuer.audience,
        http_client=issuer.http_client(),
        resource=RESOURCE,
    )
    client = TestClient(app)
    assert client.get("/", headers={"authorization": "Bearer a.b.c"}).status_code in {400, 401, 503}
    assert client.get("/", headers=bearer(issuer)).status_code == 503
    assert client.get(f"{METADATA}/mcp").json()["resource"] == RESOURCE


def bearer(issuer: MockIssuer = ISSUER, **options: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.access_token(**options)}"}


@pytest.mark.parametrize(
    "path",
    [
        METADATA,
        f"{METADATA}/",
        f"{METADATA}/mcp/",
        f"{METADATA}/mcpx",
        f"{METADATA}x/mcp",
        f"{METADATA}/MCP",
        f"/x{METADATA}/mcp",
        f"/mcp{METADATA}",
    ],
)
async def test_other_paths_are_guarded(guarded: Callable[..., Any], path: str) -> None:
    """K2: byte for byte."""
    app = guarded(resource=RESOURCE)
    assert (await app(path=path)).status == 401
    assert (await app(path=f"{METADATA}/mcp", type="websocket")).errors


async def test_a_mount_point_around_the_whole_is_taken_off(guarded: Callable[..., Any]) -> None:
    """K1: as uvicorn's --root-path puts it before each path."""
    app = guarded(resource="https://api.example.com/api/mcp")
    path = f"{METADATA}/api/mcp"
    assert (await app(path=f"/api{path}", root_path="/api")).status == 200
    assert (await app(path=path, root_path="/api")).status == 200
    assert (await app(path=f"/api{path}", root_path="/other")).status == 401


async def test_a_query_may_be_a_part_of_the_resource(guarded: Callable[..., Any]) -> None:
    """K1: and one that is not is ignored."""
    app = guarded(resource=[RESOURCE, f"{RESOURCE}?tenant=1"])

    async def at(query: bytes) -> Any:
        answer = await app(path=f"{METADATA}/mcp", query_string=query)
        return json.loads(answer.body)["resource"]

    assert await at(b"") == await at(b"cache=no") == RESOURCE
    assert await at(b"tenant=1") == f"{RESOURCE}?tenant=1"


async def test_also_at_root_by_name(guarded: Callable[..., Any]) -> None:
    """K2: for clients that look nowhere else; and no other resource has that place."""
    app = guarded(resource=ProtectedResource(RESOURCE, also_at_root=True))
    documents = [(await app(path=path)).body for path in (METADATA, f"{METADATA}/mcp")]
    assert documents[0] == documents[1]
    whole = guarded(resource=ProtectedResource("https://api.example.com", also_at_root=True))
    assert (await whole(path=METADATA)).status == 200


# Challenges.


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_every_challenge_of_a_resource_names_its_metadata(
    guarded: Callable[..., Any],
    issuer: MockIssuer,
    kind: str,
    challenges_of: Callable[[str], Any],
) -> None:
    """K5: 401 and 403, of the longest resource that has the path; not 400."""
    resources = ["https://api.example.com/a", "https://api.example.com/a/b"]
    app = guarded(resource=resources, requires="read")
    tokens = {401: "", 403: issuer.access_token(scopes="other"), 400: "a b"}
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    for status, token in tokens.items():
        for path, below in (("/a", "/a"), ("/a/b/c", "/a/b"), ("/a/bc", "/a"), ("/x", None)):
            answer = await app(token or None, path=path, type=kind, extensions=extensions)
            assert answer.status == status
            [(_, parameters)] = challenges_of(answer.headers["www-authenticate"])
            url = None if below is None else f"https://api.example.com{METADATA}{below}"
            assert parameters.get("resource_metadata") == (None if status == 400 else url)


def test_the_url_of_a_challenge_leads_to_what_is_enforced(
    challenges_of: Callable[[str], Any],
) -> None:
    """K1, K4, K5, K6: the document held against the middleware, as a client would."""

    @requires("orders:read", any_of=["orders:own", "orders:all"])
    async def orders(request: Request) -> Response:
        return PlainTextResponse("orders")

    other = MockIssuer(issuer="https://other.example/")
    app = JWTBearerMiddleware(
        Starlette(routes=[Route("/mcp/orders", orders), Mount("/mcp/admin", admin_app())]),
        trusted(),
        trusted(other),
        resource=RESOURCE,
        requires=Requirement("mcp"),
    )
    client = TestClient(app, base_url="https://api.example.com")
    refused = client.get("/mcp/orders")
    [(_, parameters)] = challenges_of(refused.headers["www-authenticate"])
    assert refused.status_code == 401
    assert parameters["scope"] == "mcp orders:read orders:own orders:all"
    metadata = client.get(parameters["resource_metadata"]).json()
    # RFC 9728, section 3.3: a client refuses a document of another resource.
    assert metadata["resource"] == RESOURCE
    assert f"{RESOURCE}/orders".startswith(metadata["resource"])
    supported = metadata["scopes_supported"]
    assert supported == ["mcp", "orders:read", "orders:own", "orders:all", "admin"]
    assert set(parameters["scope"].split()) <= set(supported)
    # Whatever it names is accepted, and nothing else is.
    issuers = {each.issuer: each for each in (ISSUER, other)}
    assert metadata["authorization_servers"] == list(issuers)
    for name in metadata["authorization_servers"]:
        token = bearer(issuers[name], scopes=" ".join(supported))
        assert client.get("/mcp/orders", headers=token).status_code == 200
        assert client.get("/mcp/admin/", headers=token).status_code == 200
    stranger = bearer(MockIssuer(issuer="https://stranger.example/"), scopes=" ".join(supported))
    assert client.get("/mcp/orders", headers=stranger).status_code == 401
    assert metadata["bearer_methods_supported"] == ["header"]
    token_in_query = {"access_token": ISSUER.access_token(scopes=" ".join(supported))}
    assert client.get("/mcp/orders", params=token_in_query).status_code == 401


def admin_app() -> Any:
    return requires("admin").around(
        Starlette(routes=[Route("/", lambda request: PlainTextResponse("admin"))])
    )


# Several resources in one application.


async def test_each_resource_names_the_scopes_of_its_own_routes() -> None:
    """K2, K4: one middleware around mounted applications."""

    def route(scope: str) -> list[Route]:
        @requires(scope)
        async def endpoint(request: Request) -> Response:
            return PlainTextResponse(scope)

        return [Route("/", endpoint)]

    app = JWTBearerMiddleware(
        Starlette(
            routes=[
                Mount("/orders", routes=route("orders")),
                Mount("/users", routes=route("users")),
                Mount("/usersx", routes=route("other")),
            ]
        ),
        trusted(),
        resource=["https://api.example.com/orders", "https://api.example.com/users"],
    )
    client = TestClient(app)
    for name in ("orders", "users"):
        assert client.get(f"{METADATA}/{name}").json()["scopes_supported"] == [name]
        refused = client.get(f"/{name}/").headers["www-authenticate"]
        assert refused.endswith(f'{METADATA}/{name}", scope="{name}"')
    assert "resource_metadata" not in client.get("/usersx/").headers["www-authenticate"]


@pytest.mark.parametrize("framework", ["Starlette", "bare ASGI"])
async def test_mounted_middleware_has_its_metadata_at_the_root(framework: str) -> None:
    """K2: each with an issuer of its own."""
    other = MockIssuer(issuer="https://other.example/")
    base = "https://api.example.com"

    async def whoami(scope: Any, receive: Any, send: Any) -> None:
        response = PlainTextResponse(scope["user"].identity)
        await response(scope, receive, send)

    orders = JWTBearerMiddleware(whoami, trusted(), resource=f"{base}/orders", requires="orders")
    users = JWTBearerMiddleware(whoami, trusted(other), resource=f"{base}/users")

    async def bare(scope: Any, receive: Any, send: Any) -> None:
        mounted = {"/orders": orders, "/users": users}.get(scope["path"], PlainTextResponse("none"))
        await mounted(scope, receive, send)

    starlette = Starlette(routes=[Mount("/orders", orders), Mount("/users", users)])
    app = ProtectedResourceMetadata(starlette if framework == "Starlette" else bare, orders, users)
    client = TestClient(app, base_url=base)
    for path, issuer in (("/orders", ISSUER), ("/users", other)):
        refused = client.get(path)
        url = f"{base}{METADATA}{path}"
        assert f'resource_metadata="{url}"' in refused.headers["www-authenticate"]
        assert client.get(url).json()["authorization_servers"] == [issuer.issuer]
        good = bearer(issuer, scopes="orders")
        assert client.get(path, headers=good).status_code == 200
    assert client.get(f"{METADATA}/orders").json()["scopes_supported"] == ["orders"]
    assert client.get("/elsewhere").status_code in {200, 404}


BELOW = "https://api.example.com/api"


async def nothing(request: Request) -> Response:
    return PlainTextResponse("x")


def below_a_prefix(how: str) -> tuple[TestClient, str]:
    """A client of an API that clients know by /api, and the path of a route as it comes here."""
    inner: Any = Starlette(routes=[Route("/x", requires("read")(nothing))])
    app: Any = JWTBearerMiddleware(inner, trusted(), resource=BELOW)
    root, path = "", "/api/x"
    if how == "mounted":
        app = ProtectedResourceMetadata(Starlette(routes=[Mount("/api", app)]), app)
    elif how == "mounted twice":
        inner = Starlette(routes=[Mount("/api", app)])
        app = ProtectedResourceMetadata(Starlette(routes=[Mount("/", inner)]), app)
    elif how == "by root_path":
        # The proxy takes the prefix off, and the server puts it before the path again.
        root = "/api"
    elif how == "by both":
        root, app = "/api", JWTBearerMiddleware(inner, trusted(), resource=f"{BELOW}/v1")
        app = ProtectedResourceMetadata(Starlette(routes=[Mount("/v1", app)]), app)
        path = "/api/v1/x"
    else:
        path = "/x"
    return TestClient(app, "https://api.example.com", root_path=root), path


@pytest.mark.parametrize(
    "how", ["mounted", "mounted twice", "by root_path", "by both", "taken off"]
)
def test_below_a_prefix_a_challenge_leads_to_the_metadata(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """K1, K2, K5, K6: RFC 9728, section 3.1: the well-known path stands between host and prefix."""
    client, path = below_a_prefix(how)
    refused = client.get(path)
    resource = BELOW if how != "by both" else f"{BELOW}/v1"
    url = resource.replace(".com/api", ".com/.well-known/oauth-protected-resource/api")
    challenge = f'Bearer realm="api", resource_metadata="{url}", scope="read"'
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, challenge)
    found = client.get(url).json()
    assert (found["resource"], found["scopes_supported"]) == (resource, ["read"])
    headers = {"authorization": f"Bearer {ISSUER.access_token(scopes='read')}"}
    assert client.get(path, headers=headers).text == "x"
    # The path that a proxy took off is the one difference that could be a mistake.
    assert len(caplog.records) == (how == "taken off")


def test_a_mounted_application_whose_metadata_nobody_serves_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """K5, P4: the URL that its challenges name is a path of the application around."""
    inner = JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=BELOW)
    client = TestClient(Starlette(routes=[Mount("/api", inner)]), "https://api.example.com")
    for _ in range(2):
        client.get("/api/x")
    [told] = [record.getMessage() for record in caplog.records]
    assert "this application is mounted at '/api', where requests for them do not come" in told
    # Around an application that is mounted itself, it does not see them either.
    caplog.clear()
    inner = JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=BELOW)
    around = ProtectedResourceMetadata(Starlette(routes=[Mount("/v1", inner)]), inner)
    TestClient(Starlette(routes=[Mount("/api", around)])).get("/api/v1/x")
    assert any("is mounted at '/api/v1'" in record.getMessage() for record in caplog.records)


def test_it_is_for_guards_with_a_resource() -> None:
    """A11"""
    guard = JWTBearerMiddleware(PlainTextResponse("x"), trusted())
    wrong: Any = "app"
    with pytest.raises(ConfigurationError, match="app must be an ASGI application"):
        ProtectedResourceMetadata(wrong, guard)
    for guards in ([guard], [wrong], [None]):
        with pytest.raises(ConfigurationError, match="guards are JWTBearerMiddleware objects"):
            ProtectedResourceMetadata(PlainTextResponse("x"), *guards)
    with pytest.raises(ConfigurationError, match="no resources to serve"):
        ProtectedResourceMetadata(PlainTextResponse("x"))
    one = JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=RESOURCE)
    with pytest.raises(ConfigurationError, match="two metadata documents"):
        ProtectedResourceMetadata(PlainTextResponse("x"), one, one)


def test_other_connections_are_the_application_s() -> None:
    guard = JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=RESOURCE)
    with TestClient(ProtectedResourceMetadata(Starlette(), guard)) as client:
        assert client.get("/").status_code == 404


def test_starlette_builds_it_late_with_checked_options() -> None:
    """K1: `add_middleware`, by the checked form as by the plain one."""
    by_form = [
        [Middleware(JWTBearerMiddleware, trusted(), resource=RESOURCE)],
        [Middleware(JWTBearerMiddleware.configured(trusted(), resource=RESOURCE, requires="mcp"))],
    ]
    for middleware in by_form:
        client = TestClient(Starlette(middleware=middleware))
        assert client.get(f"{METADATA}/mcp").json()["resource"] == RESOURCE
        assert client.get("/").status_code == 401


# Options.


async def test_methods_are_those_of_the_token_sources(guarded: Callable[..., Any]) -> None:
    """K4: RFC 9728 has no name for cookies."""
    for sources, methods in (
        ([AuthorizationHeader(), Cookie("at")], ["header"]),
        (AuthorizationHeader(), ["header"]),
        (Cookie("at"), None),
    ):
        app = guarded(resource=RESOURCE, token_sources=sources)
        document = json.loads((await app(path=f"{METADATA}/mcp")).body)
        assert document.get("bearer_methods_supported") == methods


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"insecure_no_audience": True}, "insecure_no_audience=True has no audience checked"),
        ({"resource_metadata": "https://x/"}, "either resource, whose metadata are served here"),
        ({"requires": "offline_access"}, "requires demands offline_access"),
        ({"issuer": "own"}, "none of the trusted ones is an authorization server"),
        ({"resource": "https://x/#"}, "resource must be the URL"),
    ],
)
def test_a_resource_that_cannot_be_kept_is_refused(options: Any, sentence: str) -> None:
    """G13, K4: what is declared and cannot be enforced."""
    given: dict[str, Any] = {"issuer": ISSUER.issuer, "audience": "api", "resource": RESOURCE}
    given["keys"] = StaticJWKSet(ISSUER.jwk_set())
    given |= options
    if "insecure_no_audience" in options:
        del given["audience"]
    with pytest.raises(ConfigurationError, match=sentence):
        JWTBearerMiddleware(PlainTextResponse("x"), **given)


def test_issuers_that_a_resolver_knows_are_named(caplog: pytest.LogCaptureFixture) -> None:
    """K4"""

    async def resolver(iss: str) -> TrustedIssuer | None:
        return None

    verifier = AccessTokenVerifier(resolver=resolver)
    with pytest.raises(ConfigurationError, match=r"ProtectedResource\(\.\.\., issuers="):
        JWTBearerMiddleware(PlainTextResponse("x"), verifier=verifier, resource=RESOURCE)
    known = ProtectedResource(RESOURCE, issuers=ISSUER.issuer)
    JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=known)
    assert caplog.records == []
    resource = ProtectedResource(RESOURCE, issuers="https://tenant.example/")
    app = JWTBearerMiddleware(PlainTextResponse("x"), verifier=verifier, resource=resource)
    document = TestClient(app).get(f"{METADATA}/mcp").json()
    assert document["authorization_servers"] == ["https://tenant.example/"]
    assert "names the issuer" not in caplog.text
    assert "will name the issuer https://tenant.example/" in caplog.text


def test_metadata_name_no_issuer_whose_tokens_are_refused() -> None:
    """K4: nobody could use the token that a client gets there."""
    resource = ProtectedResource(RESOURCE, issuers=[ISSUER.issuer, "https://other.example/"])
    with pytest.raises(ConfigurationError, match="would name the issuer"):
        JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=resource)


# Sender-constrained tokens.


@pytest.mark.parametrize(
    ("options", "members"),
    [
        ({}, {"bearer_methods_supported": ["header"]}),
        (
            {
                "dpop": DPoP(
                    public_origin="https://api.example.com", algorithms=["ES256"], mode="required"
                )
            },
            {
                "dpop_signing_alg_values_supported": ["ES256"],
                "dpop_bound_access_tokens_required": True,
            },
        ),
        (
            {
                "dpop": DPoP(
                    public_origin="https://api.example.com", algorithms=["ES256"], mode="allowed"
                ),
                "certificate_sources": [TLSExtension()],
            },
            {
                "bearer_methods_supported": ["header"],
                "dpop_signing_alg_values_supported": ["ES256"],
                "tls_client_certificate_bound_access_tokens": True,
            },
        ),
    ],
    ids=["none", "DPoP required", "both allowed"],
)
def test_the_document_says_how_tokens_may_be_bound(options: Any, members: dict[str, Any]) -> None:
    """K4: RFC 9728, section 2; false members are left out, which is what they default to."""
    app = JWTBearerMiddleware(PlainTextResponse("x"), trusted(**options), resource=RESOURCE)
    document = TestClient(app).get(f"{METADATA}/mcp").json()
    own = {"resource", "authorization_servers"}
    assert {name: value for name, value in document.items() if name not in own} == members


@pytest.mark.parametrize("binding", ["dpop", "certificate"])
def test_a_binding_that_no_issuer_proves_is_a_mistake(binding: Any) -> None:
    """K9: what is declared and cannot be enforced."""
    needed = Requirement(binding=binding)
    with pytest.raises(ConfigurationError, match=f"binding='{binding}', and no issuer"):
        JWTBearerMiddleware(PlainTextResponse("x"), trusted(), requires=needed)
    provers: list[dict[str, Any]] = [
        {"gateway_proves_binding": True},
        {
            "dpop": DPoP(public_origin="https://api.example.com"),
            "certificate_sources": [TLSExtension()],
        },
    ]
    for options in provers:
        JWTBearerMiddleware(PlainTextResponse("x"), trusted(**options), requires=needed)


# Near misses, for the operator.


@pytest.mark.parametrize(
    ("audience", "resource"),
    [
        (f"{RESOURCE}/", RESOURCE),
        ("https://api.example.com", "https://api.example.com/"),
        ("https://API.example.com/mcp", RESOURCE),
        ("http://api.example.com/mcp", RESOURCE),
        ("https://api.example.com:443/mcp", RESOURCE),
        ("api.example.com/mcp", RESOURCE),
    ],
)
def test_an_audience_of_another_spelling_is_told_at_the_start(
    audience: str, resource: str, caplog: pytest.LogCaptureFixture
) -> None:
    """P4: clients ask for the resource, and the token is for it (RFC 8707)."""
    JWTBearerMiddleware(PlainTextResponse("x"), trusted(audience=audience), resource=resource)
    [record] = caplog.records
    assert f"the resource '{resource}'" in record.getMessage()
    assert f"'{audience}': they differ by their spelling" in record.getMessage()


@pytest.mark.parametrize("audience", [RESOURCE, "my-api", "https://api.example.com/other"])
def test_another_audience_is_not_a_near_miss(
    audience: str, caplog: pytest.LogCaptureFixture
) -> None:
    """P4: many providers name APIs in a way of their own."""
    JWTBearerMiddleware(PlainTextResponse("x"), trusted(audience=audience), resource=RESOURCE)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("resource", "path", "host", "difference"),
    [
        (RESOURCE, "/mcp", "api.example.com", None),
        (RESOURCE, "/mcp/x", "api.example.com", None),
        (RESOURCE, "/messages\n", "api.example.com", "the path"),
        (RESOURCE, "/mcpx", "api.example.com", "the path"),
        (RESOURCE, "/mcp/", "api.example.com", "the slash at the end of the path"),
        (f"{RESOURCE}/", "/mcp", "api.example.com", "the slash at the end of the path"),
        ("https://api.example.com", "/", "api.example.com", None),
        ("https://api.example.com/", "/x", "api.example.com", None),
        (RESOURCE, "/mcp", "API.example.com:8443", "the port"),
        ("https://api.example.com:8443/mcp", "/mcp", "api.example.com", "the port"),
        ("https://api.example.com:8443/mcp", "/mcp", "api.example.com:8443", None),
        # Proxies write the name of the host anew.
        (RESOURCE, "/mcp", "backend:8000", None),
    ],
)
def test_a_request_beside_the_resource_is_told_once(
    resource: str,
    path: str,
    host: str,
    difference: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """P4, K2: by slash, path or port; clients refuse the document, and ask for no other one."""
    app = JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=resource)
    scope = {"type": "http", "path": path, "headers": [(b"host", host.encode())]}
    for _ in range(3):
        assert app.authentication.authorization.metadata_url(scope)
    told = [r.getMessage() for r in caplog.records if "the two differ" in r.getMessage()]
    if difference is None:
        assert told == []
        return
    [message] = told
    assert message.startswith(f"a request for {path!r} was refused with the metadata of ")
    assert f"'{resource}', and the two differ by {difference}" in message


def lookups(*requests: dict[str, Any], every: float = 100.0) -> None:
    """Requests for metadata, with a clock of their own."""
    app = JWTBearerMiddleware(PlainTextResponse("x"), trusted(), resource=RESOURCE)
    ticks = count()
    well_known = WellKnown([(app.authentication, None)], clock=lambda: next(ticks) * every)
    for request in requests:
        headers = [(b"host", request.pop("host", "api.example.com").encode())]
        well_known.body({"type": "http", "headers": headers, **request})


@pytest.mark.parametrize("path", ["", "/", "/mcp/", "/MCP", "/mcp\n", "/x" * 4000])
def test_a_near_miss_of_the_path_is_told(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """P4, N10: once per interval, with the URL that would do, whatever strangers ask for."""
    lookups(*({"path": METADATA + path} for _ in range(10)))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 4
    assert f"and they are at 'https://api.example.com{METADATA}/mcp'" in messages[0]
    assert all(message.isprintable() and len(message) < 2048 for message in messages)


@pytest.mark.parametrize("host", ["localhost:8000", "api.example.com:8443", "evil\n"])
def test_another_host_is_told(host: str, caplog: pytest.LogCaptureFixture) -> None:
    """P4: by whom the document will be refused (RFC 9728, section 3.3)."""
    lookups(*({"path": f"{METADATA}/mcp", "host": host} for _ in range(5)), every=1.0)
    [record] = caplog.records
    assert f"of '{RESOURCE}' were asked for at the host" in record.getMessage()
    assert record.getMessage().isprintable()


@pytest.mark.parametrize("host", ["api.example.com", "API.example.com", ""])
def test_the_right_host_is_not_told(host: str, caplog: pytest.LogCaptureFixture) -> None:
    lookups({"path": f"{METADATA}/mcp", "host": host})
    assert caplog.records == []


@pytest.mark.parametrize("resource", [None, "https://api.example.com/other"])
async def test_metadata_behind_the_guard_are_told_once(
    guarded: Callable[..., Any], resource: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """P4: the application serves them itself, and nobody may see them."""
    caplog.set_level(logging.WARNING)
    app = guarded(resource=resource)
    for _ in range(3):
        assert (await app(path=f"{METADATA}/mcp")).status == 401
    told = [r for r in caplog.records if "refused a client that looked for" in r.getMessage()]
    [record] = told
    assert f"at '{METADATA}/mcp'" in record.getMessage()
    assert "public_paths" in record.getMessage()


@pytest.mark.parametrize(
    ("host", "difference"),
    [
        (b"[::1]:8000", None),
        (b"[::1]:9000", "the port"),
        (b"[::1]", "the port"),
        (b"[::2]:8000", None),
        (b"127.0.0.1:8000", None),
    ],
)
def test_the_port_of_an_ipv6_host_is_behind_its_brackets(
    host: bytes, difference: str | None
) -> None:
    """P4, K2: an address has colons of its own, and another address is not another port."""
    resource = ProtectedResource("http://[::1]:8000/mcp")
    assert difference_of(resource, "/mcp", {"headers": [(b"host", host)]}) == difference
