"""An MCP server: the Python SDK's streamable HTTP application behind the middleware.

What differs from `minimal.py`: the SDK's own client, which is given the URL and nothing else, finds
out where to get a token (RFC 9728), and one tool needs more of it than the other. It prints:

    asked for mcp:tools offline_access
    You are alice.
    asked for mcp:tools offline_access orders:write
    Order 7 is cancelled.
"""

import socket
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata, OAuthToken

from asgi_jwks import JWTBearerMiddleware, access_token
from asgi_jwks.integrations.mcp import MCPToolRequirements
from asgi_jwks.testing import MockIssuer, serve_app

with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
    PORT, LOGIN = one.getsockname()[1], two.getsockname()[1]
RESOURCE = f"http://127.0.0.1:{PORT}/mcp"
issuer = MockIssuer(issuer=f"http://127.0.0.1:{LOGIN}/", audience=RESOURCE)
issuer.add_user("alice", "", subject="alice", scopes=["mcp:tools", "orders:write"])
server = MCPServer("example", log_level="WARNING")


@server.tool(description="Say who calls.")
async def who_am_i(ctx: Context) -> str:
    return f"You are {access_token(ctx.request_context.request or {}).subject}."


@server.tool(description="Cancel an order.")
async def cancel_order(number: int) -> str:
    return f"Order {number} is cancelled."


mcp = MCPToolRequirements(server.streamable_http_app(), {"cancel_order": "orders:write"})
app = JWTBearerMiddleware(
    mcp, issuer=issuer.issuer, audience=RESOURCE, resource=RESOURCE, requires="mcp:tools"
)


class Browser:  # Its user consents; and the memory of a client, which keeps nothing.
    async def open(self, url: str) -> None:
        print("asked for", parse_qs(urlsplit(url).query)["scope"][0])
        self.sent_back = parse_qs(urlsplit(httpx2.get(url).headers["location"]).query)

    async def called_back(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**{name: value[0] for name, value in self.sent_back.items()})

    async def get_tokens(self) -> None: ...
    async def get_client_info(self) -> None: ...
    async def set_tokens(self, tokens: OAuthToken) -> None: ...
    async def set_client_info(self, client_info: object) -> None: ...


async def main() -> None:
    me = OAuthClientMetadata.model_validate({"redirect_uris": ["http://localhost/back"]})
    browser = Browser()
    auth = OAuthClientProvider(RESOURCE, me, browser, browser.open, browser.called_back)
    http = httpx2.AsyncClient(auth=auth)
    async with http, Client(streamable_http_client(RESOURCE, http_client=http)) as client:
        for tool, arguments in (("who_am_i", {}), ("cancel_order", {"number": 7})):
            [content] = (await client.call_tool(tool, arguments)).content
            print(getattr(content, "text", content))


if __name__ == "__main__":
    with issuer.serve(port=LOGIN), serve_app(app, port=PORT):
        anyio.run(main)
