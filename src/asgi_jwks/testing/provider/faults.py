"""Faults of an endpoint: one small ASGI application for each way of failing.

Each knows the bytes on the wire; which fault is in force, and for how long, is the endpoint's.
"""

from collections.abc import Awaitable, Callable, Mapping

import anyio
from starlette.types import Receive, Scope, Send

from asgi_jwks.testing.hang_up import HangUp

__all__ = [
    "Fault",
    "after",
    "client_leaves",
    "delayed",
    "drip",
    "oversize",
    "respond",
    "response",
    "truncated",
]

Fault = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON = {"content-type": "application/json"}
_CHUNK = b" " * 65_536

# Seconds between two looks at whether a wait is over. A fault is ended from any thread and for any
# event loop, and looking is the one way to learn of it that needs to know of neither.
_LOOK = 0.01


async def client_leaves(receive: Receive, *, before: Callable[[], bool]) -> bool:
    """Wait until `before()` is true or the client leaves; says whether the client left."""
    gone = anyio.Event()
    listening = anyio.CancelScope()

    async def listen() -> None:
        with listening:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        while not gone.is_set():
            if before():
                break
            await anyio.sleep(_LOOK)
        listening.cancel()
    return gone.is_set()


def after(seconds: float) -> Callable[[], bool]:
    """Whether `seconds` have gone by since this call, for `client_leaves`. Needs an event loop."""
    end = anyio.current_time() + seconds
    return lambda: anyio.current_time() >= end


async def respond(send: Send, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    """Send one whole response, with a true Content-Length unless `headers` have another."""
    await _start(send, status, {"content-length": str(len(body)), **headers})
    await send({"type": "http.response.body", "body": body})


def response(status: int, headers: Mapping[str, str], body: bytes = b"") -> Fault:
    """The same whole response to every request."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, status, headers, body)

    return answer


def truncated(body: bytes) -> Fault:
    """A Content-Length for all of `body`, half of it, and a closed connection."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _start(send, 200, {**_JSON, "content-length": str(len(body))})
        await _more(send, body[: len(body) // 2])
        raise HangUp

    return answer


def drip(every: float) -> Fault:
    """The beginning of a JWK Set, then one blank every `every` seconds, without an end."""

    async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
        await _start(send, 200, _JSON)
        await _more(send, b'{"keys": [')
        while not await client_leaves(receive, before=after(every)):
            await _more(send, b" ")

    return answer


def oversize(size: int) -> Fault:
    """A valid and empty JWK Set of `size` bytes, without a Content-Length."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _start(send, 200, _JSON)
        await _more(send, b'{"keys": [')
        for start in range(0, size, len(_CHUNK)):
            await _more(send, _CHUNK[: size - start])
            # An in-process client never makes send() wait; its deadline needs a place to strike.
            await anyio.lowlevel.checkpoint()
        await send({"type": "http.response.body", "body": b"]}"})

    return answer


def delayed(seconds: float, then: Fault) -> Fault:
    """`then`, but only `seconds` after the request; nothing if the client leaves before."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if not await client_leaves(receive, before=after(seconds)):
            await then(scope, receive, send)

    return answer


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": fields})


async def _more(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
