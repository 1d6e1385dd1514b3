"""A server on loopback that says any bytes at all to each client, once it has sent a request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.abc

__all__ = ["HEAD", "Talk", "saying", "talking"]

Talk = Callable[[anyio.abc.ByteStream], Awaitable[None]]

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """Serve until the block ends; the value is the URL."""

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            try:
                await stream.receive()
                await talk(stream)
            except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
                return

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        yield f"http://127.0.0.1:{port}/keys"
        tasks.cancel_scope.cancel()


def saying(*parts: bytes) -> Talk:
    """Say these bytes, and hang up."""

    async def talk(stream: anyio.abc.ByteStream) -> None:
        for part in parts:
            await stream.send(part)

    return talk
