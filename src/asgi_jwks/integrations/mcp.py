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

from asgi_jwks._options import require_app, require_whole_number
from asgi_jwks.asgi.guards import RouteGuard, requires
from asgi_jwks.asgi.responses import refuse
from asgi_jwks.asgi.route_refusals import refusal_of
from asgi_jwks.asgi.types import ASGIApp, Message, Receive, Send
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.errors import ConfigurationError, RequestError, TemporarilyUnavailable

__all__ = ["MCPToolRequirements"]

# As long as the MCP SDK lets a request be by itself (mcp 2.3.0, DEFAULT_MAX_REQUEST_BODY_SIZE).
LONGEST_BODY: Final = 4 * 1024 * 1024

# What a client with a token may have read here while the event loop waits (requirement W4): a call
# with a table of 3,000 rows and ten columns.
MOST_PARTS: Final = 32_768

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
        longest_body: bytes of a request; longer ones are answered with 413, and so are those with
            more than 32,768 brackets and commas outside of strings.

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
        require_app(app, write="MCPToolRequirements(server.streamable_http_app(), {...})")
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
        body, last = await self._read(receive)
        if body is None or _has_too_many_parts(body):
            await _answer(send, 413, {"error": "content_too_large"})
            return
        try:
            called = dict.fromkeys(_called(body))
            needs = [self._needs[name] for name in called if name in self._needs]
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
        await self.app(scope, _again(body, last, receive), send)

    def needs_of_connection(self, scope: Mapping[str, Any]) -> list[Requirement]:
        """The needs of the tool that a request calls, for the challenges around.

        MCP 2026-07-28 has the name of the tool in a header field. It is not believed: what is
        enforced are the needs of the tools that the body calls.
        """
        names = [value for name, value in scope["headers"] if name == b"mcp-name"]
        # Of several, strangers could make as many different challenges as there are sets of tools.
        if len(names) != 1:
            return []
        return [needs for tool, needs in self._needs.items() if tool.encode() == names[0]]

    def needs_of_any(self) -> list[Requirement]:
        """The needs of each tool, to be held against the issuers that are trusted."""
        return [*self._needs.values()]

    async def _read(self, receive: Receive) -> tuple[bytes | None, Message]:
        """The body of a request unless it is too long, and its last message."""
        # One message may have one byte: they are not kept.
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._longest:
                return None, message
            # A client that is gone ends it as well: the application is told.
            if message["type"] != "http.request" or not message.get("more_body", False):
                return bytes(body), message


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


def _has_too_many_parts(body: bytes) -> bool:
    """Whether a JSON text has too many brackets and commas outside of its strings."""
    if _parts(body) <= MOST_PARTS:
        return False
    # Without the escapes of backslash and quote, each quote opens or closes a string.
    pieces = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"', 4 * MOST_PARTS)
    return len(pieces) > 4 * MOST_PARTS or _parts(b"".join(pieces[::2])) > MOST_PARTS


def _parts(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _again(body: bytes, last: Message, receive: Receive) -> Receive:
    """A `receive` that gives this body again, and then whatever comes.

    A disconnect that cut it short comes behind it.
    """
    is_whole = last["type"] == "http.request"
    waiting = iter(
        [
            {"type": "http.request", "body": body, "more_body": not is_whole},
            *([] if is_whole else [last]),
        ]
    )

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
