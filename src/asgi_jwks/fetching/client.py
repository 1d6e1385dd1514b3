"""The HTTP client: httpx by default, any other by Protocol.

It is the only module that imports httpx, and it does so late: importing httpx is slow, so that only
construction pays for it, never a request.
"""

import math
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeGuard
from urllib.parse import urlsplit

import anyio
from anyio import lowlevel
from anyio.abc import AsyncResource

from asgi_jwks._printable import printable
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.response import FetchFailed, FetchResponse
from asgi_jwks.fetching.secure_url import is_loopback

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    import httpx

__all__ = [
    "LARGEST_DOCUMENT",
    "MOST_FIELDS",
    "MOST_PIECES",
    "Fetch",
    "HTTPClient",
    "bounded",
    "client_fetch",
    "default_fetch",
    "prepare_exchanges",
]

# The largest real key set known is above 50 KiB; ten times that is a mistake or an attack.
LARGEST_DOCUMENT: Final = 512 * 1024

# A CDN adds a dozen fields, and 40 in all are many. httpx goes through all of them to look one up,
# and 16,000 fit into the 100 KB that httpcore reads.
MOST_FIELDS: Final = 256

# 512 KiB in chunks of 128 bytes. Chunks of one byte cost a client more than all else in a fetch.
MOST_PIECES: Final = 4096

HTTP_OK: Final = 200
HTTP_NOT_MODIFIED: Final = 304

Fetch = Callable[[str, Mapping[str, str]], Awaitable[FetchResponse]]
"""`await fetch(url, headers)`: one GET, redirects not followed; any exception is a failure."""


class HTTPClient(Protocol):
    """The part of an `httpx.AsyncClient` that is used; httpx2's has it too."""

    def stream(
        self, method: str, url: str, *, headers: Mapping[str, str], follow_redirects: bool
    ) -> AbstractAsyncContextManager[Any]:
        """Send a request; the context is the response, its body unread."""
        ...


def default_fetch() -> Fetch:
    """A fetch by httpx, with a client of its own for each exchange.

    Nothing is kept between two exchanges but the TLS context, which is built now: no exchange
    belongs to an event loop. Proxies of the environment are used, but never for loopback.
    """
    context, cookies = _tls_context(), _no_cookies()
    prepare_exchanges()

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        import httpx

        proxies = not is_loopback(urlsplit(url).hostname or "")
        timeout = httpx.Timeout(None, connect=_time_to_connect())
        opened = _Opened()
        async with httpx.AsyncClient(
            verify=context,
            timeout=timeout,
            trust_env=proxies,
            cookies=cookies,
            event_hooks={"request": [opened.follow]},
        ) as client:
            try:
                return await _exchange(client, url, headers)
            except anyio.get_cancelled_exc_class():
                await opened.close()
                raise

    return fetch


class _Opened:
    """The connections of one exchange, to be closed where it is cancelled.

    httpcore closes the socket of a TLS handshake that times out, but not of a cancelled one.
    """

    def __init__(self) -> None:
        self._streams: Final[list[AsyncResource]] = []

    async def follow(self, request: "httpx.Request") -> None:
        """Be told of the connections that are made for a request."""
        request.extensions = {**request.extensions, "trace": self._note}

    async def close(self) -> None:
        """Close them, also in a task that is cancelled."""
        with anyio.CancelScope(shield=True):
            for stream in self._streams:
                await stream.aclose()

    async def _note(self, event: str, details: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._streams.append(details["return_value"])


def client_fetch(client: object) -> Fetch:
    """A fetch by the caller's client, or by an httpx client around the caller's transport.

    Raises:
        ConfigurationError: it is neither.
    """
    import httpx

    prepare_exchanges()
    if isinstance(client, httpx.AsyncBaseTransport):
        client = httpx.AsyncClient(transport=client)
    if not _is_async_client(client):
        raise ConfigurationError(
            "http_client must be an async client such as httpx.AsyncClient(...), or an "
            f"httpx.AsyncBaseTransport; got {client!r}."
        )
    given = client

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        return await _exchange(given, url, headers)

    return fetch


def _no_cookies() -> "CookieJar":
    """A jar that reads and keeps nothing: an exchange has no use for cookies."""
    from http.cookiejar import CookieJar

    class NoCookies(CookieJar):
        def extract_cookies(self, response: object, request: object) -> None: ...

    return NoCookies()


def _is_async_client(client: object) -> TypeGuard[HTTPClient]:
    # A sync client has `stream` too; only an async one has no `close`, or `aclose` beside it.
    return (
        not isinstance(client, type)
        and callable(getattr(client, "stream", None))
        and not (hasattr(client, "close") and not hasattr(client, "aclose"))
    )


def _time_to_connect() -> float | None:
    """Seconds for TCP, and as many for TLS: nearly all that the caller's deadline leaves.

    Not all, so that a host that does not connect is told apart from an answer that is late.
    """
    left = anyio.current_effective_deadline() - anyio.current_time()
    return left - min(0.1, left / 3) if left < math.inf else None


@cache
def _tls_context() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


@cache
def prepare_exchanges() -> None:
    """Import and build now whatever an exchange uses, the TLS context among it.

    httpx, anyio and the resolver import on first use; a process that is forked while another thread
    imports could never import that module again. It is done once in a process.
    """
    import httpx

    httpx.AsyncHTTPTransport(verify=_tls_context())
    for module in (
        "anyio.lowlevel",
        "anyio.streams.stapled",
        "anyio.streams.tls",
        "encodings.idna",
    ):
        import_module(module)


async def _exchange(client: HTTPClient, url: str, headers: Mapping[str, str]) -> FetchResponse:
    request = client.stream("GET", url, headers=headers, follow_redirects=False)
    async with request as response:
        if len(response.headers) > MOST_FIELDS:
            raise FetchFailed(f"the response has more than {MOST_FIELDS} header fields")
        answer = FetchResponse(response.status_code, dict(response.headers), b"")
        if answer.status not in {HTTP_OK, HTTP_NOT_MODIFIED}:
            # An error page is of no use, and it may be endless.
            return answer
        encoding = answer.header("content-encoding") or "identity"
        if answer.status == HTTP_OK and encoding.strip().lower() != "identity":
            raise FetchFailed(
                f"the response is compressed ('{printable(encoding)}') although identity was asked "
                "for"
            )
        # MockTransport and the like give a response that is read already.
        read = getattr(response, "is_stream_consumed", False)
        body = response.content if read else await _body(response)
    return bounded(FetchResponse(answer.status, answer.headers, body))


async def _body(response: Any) -> bytes:
    body = bytearray()
    pieces = 0
    # Cancelled, not left: trio complains of generators that were left unfinished, as the client's
    # would be.
    with anyio.CancelScope() as reading:
        async for chunk in response.aiter_raw():
            body += chunk
            pieces += 1
            if len(body) > LARGEST_DOCUMENT or pieces > MOST_PIECES:
                reading.cancel()
            # A client does not wait in between for chunks that arrived together. Cancelled is its
            # own waiting alone, by which its generators end.
            await lowlevel.cancel_shielded_checkpoint()
    if pieces > MOST_PIECES:
        raise FetchFailed(f"the document comes in more than {MOST_PIECES} pieces")
    return bytes(body)


def bounded(response: FetchResponse) -> FetchResponse:
    """The response, if its body is not too large. Raises FetchFailed."""
    if len(response.body) > LARGEST_DOCUMENT:
        raise FetchFailed(f"the document is larger than {LARGEST_DOCUMENT} bytes")
    return response
