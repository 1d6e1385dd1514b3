"""Tools of an MCP server that need more of a token, whatever the form of the request."""

import json
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient, WebSocketDenialResponse
from tests.support.trusted import ISSUER

from asgi_jwks import (
    ConfigurationError,
    JWTBearerMiddleware,
    Requirement,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.integrations.mcp import MOST_PARTS, MCPToolRequirements
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio

NEEDS: dict[str, Any] = {
    "cancel": "orders:write",
    "refund": ["orders:write", "money"],
    "close": Requirement(roles="admin"),
}


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the body as it came."""
    body, more = b"", scope["type"] == "http"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await PlainTextResponse(body)(scope, receive, send)


def client(**options: Any) -> TestClient:
    trusted = TrustedIssuer(
        issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(ISSUER.jwk_set())
    )
    tools = MCPToolRequirements(echo, NEEDS, **options)
    return TestClient(JWTBearerMiddleware(tools, trusted, requires="tools"))


def bearer(scopes: str, **options: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {ISSUER.access_token(scopes=scopes, **options)}"}


def call(*names: object, **more: Any) -> Any:
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name}, **more}
        for name in names
    ]
    return calls[0] if len(calls) == 1 else calls


def test_a_tool_without_needs_is_called_with_the_body_as_it_came() -> None:
    """K10"""
    bodies: list[Any] = [call("list"), {"method": "tools/list"}, [], "text", 5]
    for body in bodies:
        answer = client().post("/", json=body, headers=bearer("tools"))
        assert answer.status_code == 200
        assert json.loads(answer.content) == body
    assert client().post("/", content=b"", headers=bearer("tools")).content == b""
    assert client().get("/", headers=bearer("tools")).status_code == 200


@pytest.mark.parametrize(
    ("names", "lacking", "granting", "named"),
    [
        (["cancel"], "tools", "tools orders:write", "tools orders:write"),
        (["refund"], "tools money", "tools money orders:write", "tools orders:write money"),
        (["list", "cancel"], "tools", "tools orders:write", "tools orders:write"),
        (["refund", "cancel"], "tools orders:write", "tools orders:write money", None),
    ],
)
def test_a_tool_with_needs_is_called_by_tokens_that_meet_them(
    names: list[str], lacking: str, granting: str, named: str | None
) -> None:
    """K6, K10: and one challenge names all of it, those of several calls in one body too."""
    refused = client().post("/", json=call(*names), headers=bearer(lacking))
    assert refused.status_code == 403
    named = named or "tools orders:write money"
    assert refused.headers["www-authenticate"].endswith(f'scope="{named}"')
    accepted = client().post("/", json=call(*names), headers=bearer(granting))
    assert (accepted.status_code, accepted.json()) == (200, call(*names))


def test_a_requirement_of_any_kind_will_do() -> None:
    """K9"""
    assert client().post("/", json=call("close"), headers=bearer("tools")).status_code == 403
    admin = bearer("tools", roles=["admin"])
    assert client().post("/", json=call("close"), headers=admin).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{} {}",
        b'{"method":"tools/call","method":"ping","params":{"name":"cancel"}}',
        b'{"method":"tools/call","params":{"name":"cancel","name":"list"}}',
        b'\xef\xbb\xbf{"method":"tools/call","params":{"name":"cancel"}}',
        '{"method":"tools/call","params":{"name":"cancel"}}'.encode("utf-16"),
        b"\xff",
        b"[" * 30_000,
    ],
)
def test_a_body_that_readers_could_read_in_two_ways_is_refused(body: bytes) -> None:
    """K10: another reader could find a call in it."""
    answer = client().post("/", content=body, headers=bearer("tools"))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700


@pytest.mark.parametrize(
    "body",
    [
        b'{"method":"tools\\u002fcall","params":{"name":"c\\u0061ncel"}}',
        b' [ {"params" : {"name" : "cancel"} , "method" : "tools/call"} ] ',
    ],
)
def test_no_spelling_hides_a_call(body: bytes) -> None:
    """K10"""
    assert client().post("/", content=body, headers=bearer("tools")).status_code == 403


RESOURCE = "https://mcp.example.com/mcp"
METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"


def server(issuer: MockIssuer) -> TestClient:
    """A server as the guide has it, whose keys are not at hand."""
    app = JWTBearerMiddleware(
        MCPToolRequirements(echo, NEEDS),
        issuer=issuer.issuer,
        audience=RESOURCE,
        http_client=issuer.http_client(),
        resource=RESOURCE,
        requires="mcp:tools",
    )
    return TestClient(app, base_url="https://mcp.example.com")


def test_the_points_of_mcp_s_authorization_text_hold() -> None:
    """K1, K4, K5, K6, K10, B2, G6: MCP 2026-07-28, authorization, each of them in one server."""
    issuer = MockIssuer(audience=RESOURCE)
    asked = server(issuer)

    def post(body: Any = None, **token: Any) -> tuple[int, str]:
        headers = {"authorization": f"Bearer {issuer.access_token(**token)}"} if token else {}
        answer = asked.post("/mcp", json=body or call("list"), headers=headers)
        return answer.status_code, answer.headers.get("www-authenticate", "")

    # Without a token: where to find out, the scope that is needed, and no error.
    common = f'Bearer realm="api", resource_metadata="{METADATA}"'
    assert post() == (401, f'{common}, scope="mcp:tools"')
    # For another server, or for none.
    for audience in ("https://other.example/mcp", f"{RESOURCE}/", "https://mcp.example.com", None):
        status, challenge = post(aud=audience, scopes="mcp:tools")
        assert status == 401
        assert challenge.startswith(f'{common}, error="invalid_token"')
    # What is needed, all of it at once, in the 403 too.
    status, challenge = post(call("refund"), scopes="orders:write")
    assert status == 403
    assert challenge.startswith(f'{common}, error="insufficient_scope"')
    assert challenge.endswith('scope="mcp:tools"')
    status, challenge = post(call("refund"), scopes="mcp:tools orders:write")
    assert status == 403
    assert challenge.endswith('scope="mcp:tools orders:write money"')
    document = asked.get(METADATA.removeprefix("https://mcp.example.com")).json()
    assert document["resource"] == RESOURCE
    assert document["authorization_servers"] == [issuer.issuer]
    assert "offline_access" not in document["scopes_supported"]
    assert post(call("refund"), scopes="mcp:tools orders:write money")[0] == 200


def test_an_outage_is_503_and_never_401_and_websockets_are_guarded() -> None:
    """B7, C1, K1, K10: the token may be good, and the metadata are there all the same."""
    issuer = MockIssuer(audience=RESOURCE)
    issuer.jwks.fail(status=500)
    issuer.discovery.fail(status=500)
    asked = server(issuer)
    headers = {"authorization": f"Bearer {issuer.access_token(scopes='mcp:tools')}"}
    answer = asked.post("/mcp", json=call("cancel"), headers=headers)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert "www-authenticate" not in answer.headers
    assert asked.get(METADATA.removeprefix("https://mcp.example.com")).status_code == 200
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        asked.websocket_connect("/mcp"),
    ):
        pass
    assert refused.value.status_code == 401
    assert 'scope="mcp:tools"' in refused.value.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("refund", "tools orders:write money"), ("list", "tools"), ("x" * 9_000, "tools")],
)
@pytest.mark.parametrize("token", [{}, bearer("orders:write")], ids=["no token", "too little"])
def test_the_field_with_the_tool_s_name_completes_the_challenge(
    name: str, scopes: str, token: dict[str, str]
) -> None:
    """K6, K10: all that is needed at once, also where the server's own scope is lacking."""
    headers = {**token, "mcp-method": "tools/call", "mcp-name": name}
    refused = client().post("/", json=call(name), headers=headers)
    assert refused.status_code == (403 if token else 401)
    assert refused.headers["www-authenticate"].endswith(f'scope="{scopes}"')


def test_the_field_with_the_tool_s_name_is_not_believed() -> None:
    """K10: the needs are those of the tools that the body calls."""
    headers = {**bearer("tools"), "mcp-name": "list"}
    assert client().post("/", json=call("cancel"), headers=headers).status_code == 403
    headers = {**bearer("tools"), "mcp-name": "cancel"}
    assert client().post("/", json=call("list"), headers=headers).status_code == 200


@pytest.mark.parametrize("params", [None, [], {}, {"name": None}, {"name": ["cancel"]}, "cancel"])
def test_a_call_of_no_tool_is_the_server_s_to_refuse(params: Any) -> None:
    answer = client().post("/", json=call("x", params=params), headers=bearer("tools"))
    assert answer.status_code == 200


def test_a_body_is_read_as_far_as_its_bound() -> None:
    """H4"""
    small = client(longest_body=100)
    assert small.post("/", content=b'"' + b"x" * 98 + b'"', headers=bearer("tools")).is_success
    assert small.post("/", content=b"x" * 101, headers=bearer("tools")).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * MOST_PARTS + b"[]]",
        b'{"params":{' + b",".join(b'"%x":1' % n for n in range(MOST_PARTS)) + b"}}",
        b"[" + b'"",' * (2 * MOST_PARTS) + b'""]',
        b'"' * (5 * MOST_PARTS) + b"," * (MOST_PARTS + 1),
    ],
    ids=["arrays", "members", "strings", "quotes"],
)
def test_a_body_of_very_many_parts_is_not_read(body: bytes) -> None:
    """W4: 4 MiB of empty arrays would hold up the event loop for most of a second."""
    assert client().post("/", content=body, headers=bearer("tools")).status_code == 413


def test_what_stands_in_strings_is_not_counted() -> None:
    """A tool may be given a long text."""
    text = '[{,"\\\\' * MOST_PARTS
    asked = call("cancel", note=text)
    assert client().post("/", json=asked, headers=bearer("tools")).status_code == 403
    assert client().post("/", json=call("list", note=text), headers=bearer("tools")).is_success


async def test_strangers_cannot_make_challenges_of_their_own() -> None:
    """H4: with n tools there are 2 to the n sets of them, and each challenge is kept."""
    asked = client()
    named = [("mcp-name", "cancel"), ("mcp-name", "refund")]
    refused = asked.post("/", json=call("cancel"), headers=named)
    assert refused.headers["www-authenticate"].endswith('scope="tools"')


async def test_a_client_that_is_gone_is_told_to_the_application() -> None:
    waiting = [
        {"type": "http.request", "body": b'{"method":', "more_body": True},
        {"type": "http.disconnect"},
    ]
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend([await receive(), await receive(), await receive()])

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect", "again": True}

    async def send(message: Any) -> None:
        seen.append(message)

    scope = {"type": "http", "method": "POST", "headers": []}
    await MCPToolRequirements(app, {"cancel": "x"})(scope, receive, send)
    assert seen[0]["status"] == 400
    waiting[:] = [{"type": "http.request", "body": b"{}", "more_body": True}]
    waiting += [{"type": "http.request", "body": b" "}]
    seen.clear()
    await MCPToolRequirements(app, {"cancel": "x"})(scope, receive, send)
    assert [message["type"] for message in seen] == ["http.request"] + ["http.disconnect"] * 2
    waiting[:] = [{"type": "http.request", "body": b"{}"}]
    seen.clear()
    await MCPToolRequirements(app, {"cancel": "x"})(scope, receive, send)
    assert seen[0] == {"type": "http.request", "body": b"{}", "more_body": False}


async def test_messages_of_one_byte_are_not_kept() -> None:
    """H4: each takes some 200 bytes of memory, and a body may have four million."""
    seen: list[Any] = []
    left = 1000

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(await receive())

    async def receive() -> Any:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": b" " if left else b"{}", "more_body": left > 0}

    scope = {"type": "http", "method": "POST", "headers": []}
    await MCPToolRequirements(app, NEEDS)(scope, receive, None)
    assert seen == [{"type": "http.request", "body": b" " * 999 + b"{}", "more_body": False}]


async def test_other_connections_are_the_server_s() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    tools = MCPToolRequirements(app, NEEDS)
    for kind in ("lifespan", "websocket"):
        await tools({"type": kind}, None, None)
    assert seen == ["lifespan", "websocket"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("app", NEEDS), "app must be an ASGI application"),
        ((echo, {}), "tools must be a mapping"),
        ((echo, ["cancel"]), "tools must be a mapping"),
        ((echo, {"": "x"}), "the name of a tool"),
        ((echo, {5: "x"}), "the name of a tool"),
        ((echo, {"cancel": "a b"}), "scopes must be names"),
        ((echo, {"cancel": 5}), "scopes must be names"),
        ((echo, {"cancel": []}), "requires nothing"),
    ],
)
def test_a_wrong_argument_is_told(arguments: Any, sentence: str) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=sentence):
        MCPToolRequirements(*arguments)
    wrong: Any = "1"
    with pytest.raises(ConfigurationError, match="longest_body"):
        MCPToolRequirements(echo, NEEDS, longest_body=wrong)
