"""Only a browser on this machine that knows the token gets in."""

from collections.abc import Iterable
from typing import Any

import anyio
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from asgi_jwks.cli.console.access import HEADERS, ConsoleAccess

TOKEN = "a-token-of-the-console"
Fields = Iterable[tuple[str, str]]

HOST = ("host", "127.0.0.1:8000")
SENT = ("x-console-token", TOKEN)


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("inside")(scope, receive, send)


def answered(
    fields: Fields, *, method: str = "GET", path: str = "/", query: str = ""
) -> tuple[int, dict[str, str]]:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in fields],
    }
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        messages.append(message)

    anyio.run(ConsoleAccess(inner, token=TOKEN), scope, receive, send)
    start = messages[0]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return int(start["status"]), headers


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "127.9.9.9:80", "localhost", "localhost:1", "[::1]", "[::1]:1"],
)
def test_a_loopback_name_is_answered(host: str) -> None:
    """Issue 15: only on loopback."""
    assert answered([("host", host), SENT])[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "attacker.example",
        "attacker.example:8000",
        "127.0.0.1.attacker.example:8000",
        "localhost.attacker.example",
        "localhost.:80",
        "0.0.0.0:8000",
        "[::]:8000",
        "[::1].attacker.example",
        "192.168.0.1",
        "127.0.0.1:8000, attacker.example",
        "user@127.0.0.1:x@y",
    ],
)
def test_any_other_name_is_not_answered_for(host: str) -> None:
    """Issue 15: DNS rebinding, a name of another site that leads here."""
    assert answered([("host", host), SENT])[0] == 421
    assert answered([("host", host), SENT], path="/static/console.js")[0] == 421


def test_one_host_is_needed() -> None:
    assert answered([SENT])[0] == 421
    assert answered([HOST, HOST, SENT])[0] == 421


def test_the_token_is_in_the_url_of_a_page_or_in_a_field_of_a_request() -> None:
    """Issue 15: with a token in its URL."""
    assert answered([HOST], query=f"token={TOKEN}")[0] == 200
    assert answered([HOST, SENT])[0] == 200
    assert answered([HOST, SENT], method="POST")[0] == 200


@pytest.mark.parametrize(
    ("fields", "method", "query"),
    [
        ([], "GET", ""),
        ([], "GET", "token="),
        ([], "GET", "token=other"),
        ([], "GET", f"token={TOKEN}x"),
        ([], "GET", f"token={TOKEN}&token={TOKEN}"),
        ([], "GET", f"token={TOKEN}" + "&a=b" * 20),
        ([], "GET", "token=%ff%00"),
        ([("x-console-token", "other")], "GET", f"token={TOKEN}"),
        ([SENT, SENT], "GET", ""),
        ([], "POST", f"token={TOKEN}"),
        ([("x-console-token", "\u00e9")], "POST", ""),
        ([("cookie", f"token={TOKEN}")], "GET", ""),
        ([("authorization", f"Bearer {TOKEN}")], "GET", ""),
    ],
)
def test_without_the_token_nothing_is_told_and_nothing_done(
    fields: list[tuple[str, str]], method: str, query: str
) -> None:
    """Issue 15: a POST has it in a field, which a form of another site cannot send."""
    assert answered([HOST, *fields], method=method, query=query)[0] == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_requests_of_pages_of_other_sites_are_refused(site: str) -> None:
    assert answered([HOST, SENT, ("sec-fetch-site", site)])[0] == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_its_own_requests_and_those_of_the_address_bar_are_not(site: str) -> None:
    assert answered([HOST, SENT, ("sec-fetch-site", site)])[0] == 200


@pytest.mark.parametrize("fields", [[], [HOST], [HOST, SENT]])
def test_every_answer_has_the_headers_and_none_of_cors(fields: list[tuple[str, str]]) -> None:
    """Issue 15: a strict policy for content, and no CORS."""
    _, headers = answered(fields)
    assert headers.items() >= HEADERS.items()
    assert "unsafe" not in HEADERS["content-security-policy"]
    assert not [name for name in headers if name.startswith("access-control-")]


def test_files_of_the_page_need_no_token() -> None:
    assert answered([HOST], path="/static/console.css")[0] == 200


def test_lifespan_goes_through_and_a_websocket_does_not() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        return {}

    guarded = ConsoleAccess(app, token=TOKEN)
    anyio.run(guarded, {"type": "lifespan"}, nothing, nothing)
    with pytest.raises(RuntimeError, match="neither WebSockets"):
        anyio.run(guarded, {"type": "websocket"}, nothing, nothing)
    assert seen == ["lifespan"]
