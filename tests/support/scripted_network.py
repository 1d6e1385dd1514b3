"""A network that is scripted byte by byte, below the real HTTP client, in any kind of time.

httpx, httpcore and h11 are real; the connection is not. So an endpoint may be slow for an hour in a
few milliseconds, and a test knows exactly when it said what.
"""

import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import anyio
import httpcore
import httpx

__all__ = ["HANG_UP", "Part", "Script", "ScriptedClient"]


@dataclass(frozen=True, slots=True)
class Part:
    """Some octets, so many seconds after the ones before; `None` hangs up."""

    octets: bytes | None
    after: float = 0.0


HANG_UP = Part(None)

Script = Iterable[Part]
"""The answer to one request; after its last part the server is silent, and does not hang up."""


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, answer: Callable[[bytes], Script]) -> None:
        self._answer = answer
        self._asked = b""
        self._parts: Iterator[Part] | None = None
        self._left = b""
        self._is_over = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._parts is None:
            self._parts = iter(self._answer(self._asked))
        while not self._left and not self._is_over:
            part = next(self._parts, None)
            if part is None:
                await anyio.sleep_forever()
                raise AssertionError
            await anyio.sleep(part.after)
            self._is_over = part.octets is None
            self._left = part.octets or b""
        octets, self._left = self._left[:max_bytes], self._left[max_bytes:]
        return octets

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._asked += buffer

    async def aclose(self) -> None:
        self._is_over = True

    async def start_tls(self, *arguments: object, **options: object) -> "_Stream":
        return self

    def get_extra_info(self, info: str) -> Any:
        return None


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, connect: Callable[[], Callable[[bytes], Script] | None]) -> None:
        self._connect = connect

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.AsyncNetworkStream:
        answer = self._connect()
        if answer is None:
            raise httpcore.ConnectError("connection refused")
        return _Stream(answer)


@cache
def _context() -> ssl.SSLContext:
    # As the package has it: built once.
    return ssl.create_default_context()


class ScriptedClient:
    """A client as the package makes it: a new one for each exchange.

    `connect` is called for each connection; it returns what answers there, given the request, or
    None where nobody does.
    """

    def __init__(self, connect: Callable[[], Callable[[bytes], Script] | None]) -> None:
        self._backend = _Backend(connect)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, *, headers: Mapping[str, str], follow_redirects: bool
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; the context is the response, its body unread."""
        transport = httpx.AsyncHTTPTransport(verify=_context())
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=_context(), network_backend=self._backend
        )
        async with (
            httpx.AsyncClient(transport=transport, timeout=None) as client,
            client.stream(
                method, url, headers=dict(headers), follow_redirects=follow_redirects
            ) as response,
        ):
            yield response
