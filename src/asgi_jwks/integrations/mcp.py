"""MCP: tools that need more of a token than the server that has them.

A tool is called in the body of a request, where HTTP's own guards do not look, and an error of the
tool itself is an answer with status 200. Here the body is read before the server sees it, so that
a client is told by a 403 to ask for more (MCP, authorization, "Scope Challenge Handling"). It does
not import the MCP SDK.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import and_
from typing import Any, Final

from asgi_jwks._options import require_whole_number
from asgi_jwks.asgi.guards import RouteGuard, refusal_of, requires
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.asgi.types import ASGIApp, Message, Receive, Send
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.errors import ConfigurationError, RequestError, TemporarilyUnavailable

__all__ = ["MCPToolRequirements"]

# As long as the MCP SDK lets a request be by itself (mcp 2.3.0, DEFAULT_MAX_REQUEST_BODY_SIZE).
LONGEST_BODY: Final = 4 * 1024 * 1024

_PARSE_ERROR: Final = {
    "jsonrpc": "2.0",
    "id": None,
    "error": {"code": -32700, "message": "Parse error"},
}


class MCPToolRequirements:
    """Demands more for some tools of an MCP server than for the rest.

        app = JWTBearerMiddleware(
            MCPToolRequirements(server.streamable_http_app(), {"cancel_order": "orders:write"}),
            issuer=..., audience=RESOURCE, resource=RESOURCE, requires="orders:read",
        )

    Args:
        app: the server's streamable HTTP application, behind the middleware.
        tools: the names of tools, each with a scope, several of them, or a Requirement.
        longest_body: bytes of a request; longer ones are answered with 413.

    Raises:
        ConfigurationError: an argument is wrong; the message says what to write.
    """

    def __init__(
        self,
        app: ASGIApp,
        tools: Mapping[str, str | Iterable[str] | Requirement],
        *,
        longest_body: int = LONGEST_BODY,
    ) -> None:
        if not callable(app):
            raise ConfigurationError(
                f"app must be an ASGI application; got {app!r}. Write "
                "MCPToolRequirements(server.streamable_http_app(), {...})."
            )
        if not isinstance(tools, Mapping) or not tools:
            raise ConfigurationError(
                "tools must be a mapping of the names of tools to their needs; got "
                f'{tools!r}. Write {{"cancel_order": "orders:write"}}.'
            )
        self.app: Final = app
        self._needs: Final = {_name(name): _needs(needs) for name, needs in tools.items()}
        self._longest: Final = require_whole_number("longest_body", longest_body, least=1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hold a request against the needs of the tools that it calls (ASGI 3)."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        messages, body = await self._read(receive)
        if body is None:
            await _answer(send, 413, {"error": "content_too_large"})
            return
        try:
            needs = [self._needs[name] for name in _called(body) if name in self._needs]
        except ValueError:
            # Another reader could find a call in it.
            await _answer(send, 400, _PARSE_ERROR)
            return
        if needs:
            try:
                await RouteGuard(reduce(and_, needs)).enforce(scope)
            except (RequestError, TemporarilyUnavailable) as error:
                await refuse(refusal_of(scope, error), scope, send)
                return
        await self.app(scope, _again(messages, receive), send)

    def needs_of_connection(self, scope: Mapping[str, Any]) -> list[Requirement]:
        """The needs of the tool that a request calls, for the challenges around.

        MCP 2026-07-28 has the name of the tool in a header field. It is not believed: what is
        enforced are the needs of the tools that the body calls.
        """
        names = {value for name, value in scope["headers"] if name == b"mcp-name"}
        return [needs for tool, needs in self._needs.items() if tool.encode() in names]

    def needs_of_any(self) -> list[Requirement]:
        """The needs of each tool, to be held against the issuers that are trusted."""
        return [*self._needs.values()]

    async def _read(self, receive: Receive) -> tuple[list[Message], bytes | None]:
        """The messages of a request, and its body unless that is too long."""
        messages: list[Message] = []
        body = bytearray()
        more = True
        while more:
            message = await receive()
            messages.append(message)
            body += message.get("body", b"")
            if len(body) > self._longest:
                return [], None
            # A client that is gone ends it as well: the application is told.
            more = message["type"] == "http.request" and message.get("more_body", False)
        return messages, bytes(body)


def _name(name: object) -> str:
    if isinstance(name, str) and name:
        return name
    raise ConfigurationError(f"the name of a tool is a string that is not empty; got {name!r}.")


def _needs(needs: object) -> Requirement:
    if isinstance(needs, Requirement):
        return needs
    names: Any = (needs,) if isinstance(needs, str) or not isinstance(needs, Iterable) else needs
    return requires(*names).requirement


def _called(body: bytes) -> Iterator[str]:
    """The names of the tools that a body calls.

    Raises:
        ValueError: it is not one JSON text, or has a member twice.
    """
    if not body:
        return
    try:
        read = json.loads(body.decode("utf-8"), object_pairs_hook=_unambiguous)
    except RecursionError:
        raise ValueError from None
    # Earlier editions of MCP have several in one array.
    for message in read if isinstance(read, list) else [read]:
        if isinstance(message, dict) and message.get("method") == "tools/call":
            params = message.get("params")
            name = params.get("name") if isinstance(params, dict) else None
            # A call without the name of a tool is the server's to refuse.
            if isinstance(name, str):
                yield name


def _unambiguous(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        raise ValueError
    return made


def _again(messages: list[Message], receive: Receive) -> Receive:
    """A `receive` that gives these messages once more, and then whatever comes."""
    waiting = iter(messages)

    async def again() -> Message:
        for message in waiting:
            return message
        return await receive()

    return again


async def _answer(send: Send, status: int, content: Mapping[str, Any]) -> None:
    body = json.dumps(content).encode("ascii")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
