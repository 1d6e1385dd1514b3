"""An MCP server: the Python SDK's streamable HTTP application behind the middleware.

What differs from `minimal.py`: challenges name the metadata by which MCP clients find out where to
get a token (RFC 9728), tools read the token from the request that they are called by, and the
whole is asked over a real socket by the SDK's own client. It prints:

    401 resource_metadata="http://127.0.0.1/.well-known/oauth-protected-resource/mcp"
    You are auth0|60c7a9f2b1d3e40069f8a2b7.
"""

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import TextContent
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware, access_token
from asgi_jwks.testing import MockIssuer, serve_app

METADATA = "/.well-known/oauth-protected-resource/mcp"

issuer = MockIssuer()
server = MCPServer("example", log_level="WARNING")


@server.tool()
async def who_am_i(ctx: Context) -> str:
    """Say who calls."""
    request = ctx.request_context.request
    return f"You are {access_token(request).subject}." if request else "You are not on HTTP."


async def metadata(_request: Request) -> JSONResponse:
    return JSONResponse({"resource": issuer.audience, "authorization_servers": [issuer.issuer]})


mcp = server.streamable_http_app()
mcp.router.routes.append(Route(METADATA, metadata))
app = JWTBearerMiddleware(
    mcp,
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
    resource_metadata=f"http://127.0.0.1{METADATA}",
    public_paths=[METADATA],
)


async def call(url: str, token: str) -> str:
    """What the tool says to whoever has this token."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http_client,
        Client(streamable_http_client(f"{url}/mcp", http_client=http_client)) as client,
    ):
        result = await client.call_tool("who_am_i", {})
    content = result.content[0]
    return content.text if isinstance(content, TextContent) else ""


if __name__ == "__main__":
    with serve_app(app) as url:
        refused = httpx2.post(f"{url}/mcp")
        print(refused.status_code, refused.headers["www-authenticate"].split(", ")[1])
        print(anyio.run(call, url, issuer.access_token()))
