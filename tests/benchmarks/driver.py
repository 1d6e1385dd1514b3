"""One way to call every contender: an ASGI request with ten headers, on the CPU clock.

What lives only here: the bare app, the scope, and where the clock starts and stops.
What it does not know: what the contender does with the token, and how results are compared.
"""

from collections.abc import Sequence
from time import process_time_ns

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Ten headers as a browser's fetch() sends them through a proxy; Authorization is the seventh.
_BEFORE: list[tuple[bytes, bytes]] = [
    (b"host", b"api.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"application/json"),
    (b"accept-language", b"en-GB,en;q=0.7,de;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"origin", b"https://app.example.com"),
]
_AFTER: list[tuple[bytes, bytes]] = [
    (b"x-forwarded-for", b"203.0.113.7"),
    (b"x-forwarded-proto", b"https"),
    (b"x-request-id", b"7b1f9a52c0e84d0f9d2e6f3a4b5c6d7e"),
]
_AUTHORIZATION = b"Authorization"

_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")],
}
_BODY: Message = {"type": "http.response.body", "body": b"ok"}


async def bare_app(scope: Scope, receive: Receive, send: Send) -> None:
    """The least an app can do: answer. It is what stands behind every contender."""
    await send(_START)
    await send(_BODY)


def scope_of(token: bytes | None) -> Scope:
    """A fresh HTTP scope as uvicorn makes one.

    Name and value of the Authorization header are new objects each time, as they are when they
    come out of a parser; a cached hash or an identity shortcut must not flatter anybody.
    """
    if token is None:
        headers = [*_BEFORE, *_AFTER]
    else:
        headers = [*_BEFORE, (_AUTHORIZATION.lower(), b"Bearer " + token), *_AFTER]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": "/documents/42",
        "raw_path": b"/documents/42",
        "query_string": b"view=full",
        "headers": headers,
        "state": {},
    }


class _Exchange:
    """The server's side of one request: no body comes in, the status goes out."""

    def __init__(self) -> None:
        self.status = 0

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


async def status_of(app: ASGIApp, token: bytes | None) -> int:
    """The status that `app` answers one request with."""
    exchange = _Exchange()
    await app(scope_of(token), exchange.receive, exchange.send)
    return exchange.status


async def cpu_per_request(app: ASGIApp, tokens: Sequence[bytes | None]) -> float:
    """CPU nanoseconds of this process per request, all of its threads included.

    The scope is built inside the clock, so that it is as warm in the processor's caches as after
    a real parser; the app without authentication pays for it too, and is subtracted.
    """
    exchange = _Exchange()
    receive, send = exchange.receive, exchange.send
    started = process_time_ns()
    for token in tokens:
        await app(scope_of(token), receive, send)
    return (process_time_ns() - started) / len(tokens)
