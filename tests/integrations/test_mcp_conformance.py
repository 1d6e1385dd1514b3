"""The MCP project's conformance suite against a server behind the middleware, where it is there.

Its scenarios for servers know no authorization (0.1.16, and 0.2.0-alpha.12, which has those of
2026-07-28), so something in front of the middleware brings the token; they show that a server is
the same server behind it. Those for authorization servers (0.2.0) are asked of the mock issuer. The
suite needs Node 22, which npm has as well: `npm install node@22 @modelcontextprotocol/conformance`.
"""

import contextlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.integrations.mcp import MCPToolRequirements
from asgi_jwks.testing import MockIssuer, serve_app

mcpserver = pytest.importorskip("mcp.server.mcpserver", reason="mcp is in the group `frameworks`")

SUITE = shutil.which("conformance")

pytestmark = pytest.mark.skipif(
    SUITE is None,
    reason="the command of @modelcontextprotocol/conformance (npm, Node 22 or later) is absent",
)

SCENARIOS = [
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-error",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
    # Of 2026-07-28: the fields that name the method and the tool must say what the body says.
    "http-header-validation",
    "server-session-lifecycle",
]


def server() -> Any:
    made = mcpserver.MCPServer("conformance", log_level="CRITICAL")

    async def test_simple_text() -> str:
        """Say what the suite waits for."""
        return "This is a simple text response for testing."

    async def test_error_handling() -> str:
        """Fail."""
        raise ValueError("This tool intentionally returns an error for testing")

    for tool in (test_simple_text, test_error_handling):
        made.tool(description=tool.__doc__)(tool)
    return made.streamable_http_app()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    issuer = MockIssuer()
    guarded = JWTBearerMiddleware(
        MCPToolRequirements(server(), {"cancel_order": "orders:write"}),
        issuer=issuer.issuer,
        audience=issuer.audience,
        http_client=issuer.http_client(),
        resource="http://127.0.0.1/mcp",
        requires="mcp:tools",
    )
    token = issuer.access_token(scopes="mcp:tools").encode()

    async def with_token(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            field = (b"authorization", b"Bearer " + token)
            scope = {**scope, "headers": [*scope["headers"], field]}
        await guarded(scope, receive, send)

    with serve_app(with_token) as url:
        yield f"{url}/mcp"


@pytest.fixture(scope="module")
def known() -> str:
    """The scenarios that the installed suite lists."""
    return run("list").stdout


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SUITE), *arguments], capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_server_conforms_behind_the_middleware(url: str, known: str, scenario: str) -> None:
    """K10"""
    if f"- {scenario} " not in known:
        pytest.skip("the suite that is installed has no such scenario")
    ran = run("server", "--url", url, "--scenario", scenario)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_mock_issuer_conforms_as_an_authorization_server(known: str) -> None:
    """K10: metadata, and the authorization code grant with PKCE and a resource."""
    if "- authorization-code-grant " not in known:
        pytest.skip("the suite that is installed has no scenarios for authorization servers")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    issuer = MockIssuer(audience="http://127.0.0.1:1/mcp")
    issuer.add_user("alice", "", subject="alice")
    with issuer.serve():
        metadata = httpx.get(f"{issuer.issuer}.well-known/oauth-authorization-server").json()
        client = {
            "redirect_uris": [f"http://127.0.0.1:{port}/callback"],
            "token_endpoint_auth_method": "none",
        }
        client_id = httpx.post(metadata["registration_endpoint"], json=client).json()["client_id"]
        arguments = ["--url", issuer.issuer, "--client-id", client_id, "--port", str(port)]
        arguments += ["--resource", issuer.audience]
        said = []
        with subprocess.Popen(
            [str(SUITE), "authorization", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            # It waits five minutes for a person.
            end = threading.Timer(50, running.kill)
            end.start()
            for line in running.stdout or ():
                said.append(line)
                if line.startswith(metadata["authorization_endpoint"]):
                    threading.Thread(target=open_in_a_browser, args=[line.strip()]).start()
            end.cancel()
    assert running.returncode == 0, "".join(said)


def open_in_a_browser(url: str) -> None:
    """Follow the redirect back to the suite, which may not listen yet."""
    for _ in range(100):
        with contextlib.suppress(httpx.ConnectError):
            httpx.get(url, follow_redirects=True)
            return
