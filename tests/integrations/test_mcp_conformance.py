"""The MCP project's conformance suite against a server behind the middleware, where it is there.

Its scenarios for servers know no authorization (version 0.1.16), so something in front of the
middleware brings the token; they show that a server is the same server behind it.
"""

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.integrations.mcp import MCPToolRequirements
from asgi_jwks.testing import MockIssuer, serve_app

mcpserver = pytest.importorskip("mcp.server.mcpserver", reason="mcp is in the group `frameworks`")

SUITE = shutil.which("conformance")

pytestmark = pytest.mark.skipif(
    SUITE is None,
    reason="the command of @modelcontextprotocol/conformance (npm, Node 22 or later) is not there",
)

SCENARIOS = [
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-error",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
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


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_server_conforms_behind_the_middleware(url: str, scenario: str) -> None:
    """K10"""
    run = subprocess.run(
        [str(SUITE), "server", "--url", url, "--scenario", scenario],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
