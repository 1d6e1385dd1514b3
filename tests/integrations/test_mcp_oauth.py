"""The MCP SDK's own OAuth client against a server behind the middleware, over real sockets.

Discovery, registration, login with PKCE and a resource, 401 with scope, 403 step-up, and success:
the client gets nothing but the URL of the server.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.support.examples import only_in_ci
from tests.support.ports import reserved_port

from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, TrustedIssuer, access_token
from asgi_jwks.integrations.mcp import MCPToolRequirements
from asgi_jwks.testing import MockIssuer, serve_app

mcp = pytest.importorskip("mcp", reason="mcp is in the group `frameworks`")

from mcp import Client  # noqa: E402
from mcp.client.auth import OAuthClientProvider  # noqa: E402
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.server.mcpserver import Context, MCPServer  # noqa: E402
from mcp.shared.auth import (  # noqa: E402
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

pytestmark = pytest.mark.anyio

CALLBACK = "http://127.0.0.1:1/callback"
SCOPES = ("mcp:tools", "orders:write", "profile")


class Storage:
    """The client's memory."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Deployment:
    """An issuer, an MCP server behind the middleware, and what clients asked for."""

    url: str
    issuer: MockIssuer
    logins: list[dict[str, list[str]]]
    answers: list[tuple[str, int, str]]
    clock: list[float]
    """the seconds by which issuer and server are ahead of the real time"""

    @asynccontextmanager
    async def client(self, *grant_types: str) -> AsyncIterator[Any]:
        """A client of the SDK, with a browser that follows where it is sent."""
        sent_back: list[str] = []

        async def browse(url: str) -> None:
            self.logins.append(parse_qs(urlsplit(url).query))
            async with httpx2.AsyncClient() as browser:
                answer = await browser.get(url)
            assert answer.status_code == 302
            sent_back.append(answer.headers["location"])

        async def called_back() -> AuthorizationCodeResult:
            query = parse_qs(urlsplit(sent_back.pop()).query)
            return AuthorizationCodeResult(
                code=query["code"][0], state=query["state"][0], iss=query["iss"][0]
            )

        async def note(response: httpx2.Response) -> None:
            challenge = response.headers.get("www-authenticate", "")
            self.answers.append((response.request.url.path, response.status_code, challenge))

        metadata: dict[str, Any] = {
            "redirect_uris": [CALLBACK],
            "client_name": "a test",
            "grant_types": ["authorization_code", *grant_types],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }
        auth = OAuthClientProvider(
            self.url,
            OAuthClientMetadata.model_validate(metadata),
            Storage(),
            redirect_handler=browse,
            callback_handler=called_back,
        )
        async with (
            httpx2.AsyncClient(auth=auth, event_hooks={"response": [note]}) as http_client,
            Client(streamable_http_client(self.url, http_client=http_client)) as client,
        ):
            yield client


def sdk_server() -> Any:
    server = MCPServer("orders", log_level="WARNING")

    @server.tool()
    async def who_am_i(ctx: Context) -> str:
        """Say who calls."""
        assert ctx.request_context.request is not None
        return f"You are {access_token(ctx.request_context.request).subject}."

    @server.tool()
    async def cancel_order(number: int) -> str:
        """Cancel an order."""
        return f"Order {number} is cancelled."

    return server.streamable_http_app()


def fastmcp_server() -> Any:
    reason = "fastmcp is in the group `bench`"
    dependencies = pytest.importorskip("fastmcp.server.dependencies", reason=reason)
    server: Any = pytest.importorskip("fastmcp", reason=reason).FastMCP("orders")

    async def who_am_i() -> str:
        """Say who calls."""
        return f"You are {access_token(dependencies.get_http_request()).subject}."

    async def cancel_order(number: int) -> str:
        """Cancel an order."""
        return f"Order {number} is cancelled."

    for tool in (who_am_i, cancel_order):
        server.tool(tool)
    return server.http_app(path="/mcp")


@pytest.fixture(params=[sdk_server, fastmcp_server], ids=["the SDK's server", "fastmcp's server"])
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    make_server: Callable[[], Any] = request.param
    server = make_server()
    with reserved_port() as port:
        yield from deployed(server, port)


def deployed(server: Any, port: int) -> Iterator[Deployment]:
    resource = f"http://127.0.0.1:{port}/mcp"
    ahead = [0.0]

    def clock() -> float:
        return time.time() + ahead[0]

    issuer = MockIssuer(audience=resource, access_lifetime=300.0, clock=clock)
    issuer.add_user("alice", "wonderland", subject="alice", scopes=SCOPES)
    with ExitStack() as served:
        served.enter_context(issuer.serve())
        trusted = TrustedIssuer(issuer=issuer.issuer, audience=resource)
        app = JWTBearerMiddleware(
            MCPToolRequirements(server, {"cancel_order": "orders:write"}),
            verifier=AccessTokenVerifier(trusted, clock=clock),
            resource=resource,
            requires="mcp:tools",
        )
        served.enter_context(serve_app(app, port=port))
        yield Deployment(resource, issuer, [], [], ahead)


def text(result: Any) -> str:
    [content] = result.content
    assert isinstance(content.text, str)
    return content.text


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The SDK's transport runs on either; the servers are uvicorn's, on asyncio."""
    return str(request.param)


async def test_a_client_finds_its_way_in_and_steps_up(deployment: Deployment) -> None:
    """K1, K5, K6, K10: discovery, login, 401 with scope, 403 step-up and success."""
    async with deployment.client() as client:
        said = await client.call_tool("who_am_i", {})
        assert text(said) == "You are alice."
        [first] = deployment.logins
        # RFC 8707: the token is for this resource. PKCE: with S256.
        assert first["resource"] == [deployment.url]
        assert first["scope"] == ["mcp:tools"]
        assert first["code_challenge_method"] == ["S256"]
        cancelled = await client.call_tool("cancel_order", {"number": 7})
        assert text(cancelled) == "Order 7 is cancelled."
    _, second = deployment.logins
    assert second["scope"] == ["mcp:tools orders:write"]
    assert second["resource"] == [deployment.url]
    refused = [(status, challenge) for _, status, challenge in deployment.answers if challenge]
    metadata = f"{deployment.url.removesuffix('/mcp')}/.well-known/oauth-protected-resource/mcp"
    assert refused[0] == (
        401,
        f'Bearer realm="api", resource_metadata="{metadata}", scope="mcp:tools"',
    )
    status, challenge = refused[-1]
    assert status == 403
    assert f'resource_metadata="{metadata}", error="insufficient_scope"' in challenge
    assert challenge.endswith('scope="mcp:tools orders:write"')
    asked = [path for path, status, _ in deployment.answers if "well-known" in path]
    assert asked[0] == "/.well-known/oauth-protected-resource/mcp"


@only_in_ci()
async def test_a_client_whose_token_has_expired_gets_another_without_a_login(
    deployment: Deployment,
) -> None:
    """K10: by its refresh token, good for once, and for the same resource (RFC 8707)."""
    # For the client it has expired at once, which goes by the real time.
    deployment.issuer.token.bend(expires_in=-1, times=1)
    async with deployment.client("refresh_token") as client:
        [asked] = deployment.logins
        assert asked["scope"] == ["mcp:tools offline_access"]
        deployment.clock[0] = 3600.0
        assert text(await client.call_tool("who_am_i", {})) == "You are alice."
        assert text(await client.call_tool("who_am_i", {})) == "You are alice."
    assert deployment.logins == [asked]
    refused = [status for _, status, challenge in deployment.answers if challenge]
    # Once without a token, and never with one that has expired.
    assert refused == [401]
    # By the code, and by the refresh token.
    assert deployment.issuer.token.count == 2


@only_in_ci()
async def test_a_client_whose_refresh_token_has_ended_logs_in_again(
    deployment: Deployment,
) -> None:
    """K10: a 401 with the metadata is all that it needs."""
    deployment.issuer.token.bend(expires_in=-1, times=1)
    async with deployment.client("refresh_token") as client:
        deployment.clock[0] = 30 * 86_400.0
        assert text(await client.call_tool("who_am_i", {})) == "You are alice."
    assert len(deployment.logins) == 2


async def test_a_token_for_another_resource_is_of_no_use(deployment: Deployment) -> None:
    """G6, K10: the audience is checked, which the SDK's own servers leave to others."""
    elsewhere = deployment.issuer.access_token(scopes=SCOPES, aud="https://other.example/mcp")
    async with httpx2.AsyncClient() as http_client:
        answer = await http_client.post(
            deployment.url, headers={"authorization": f"Bearer {elsewhere}"}, json={}
        )
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_an_outage_of_the_issuer_is_no_401(deployment: Deployment) -> None:
    """B7, K1: clients keep their tokens, and find the metadata all the same."""
    deployment.issuer.jwks.fail(status=500)
    deployment.issuer.discovery.fail(status=500)
    try:
        token = deployment.issuer.access_token(scopes=SCOPES)
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}) as http_client:
            answer = await http_client.post(deployment.url, json={})
            origin = deployment.url.removesuffix("/mcp")
            url = f"{origin}/.well-known/oauth-protected-resource/mcp"
            metadata = await http_client.get(url)
    finally:
        deployment.issuer.reset()
    assert metadata.json()["resource"] == deployment.url
    # The keys may have been at hand since the start.
    assert answer.status_code in {503, 400, 406, 200}
    assert "www-authenticate" not in answer.headers
