"""One GET of one JSON document under limits.

What lives only here: the HTTP client (httpx, or the one that the caller gives), what is asked of
it, and the limits on its answer. What it does not know: key sets, freshness, event loops. Nothing
is kept between two fetches but the TLS context, so no fetch belongs to an event loop.
"""

import math
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from ipaddress import ip_address
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import anyio

from asgi_jwks._version import __version__
from asgi_jwks.errors import ConfigurationError, KeySetUnavailable
from asgi_jwks.fetching.response import Answer, retry_after

__all__ = ["Endpoint", "Fetch", "FetchFailed", "HTTPClient", "require_secure_url"]

# The largest real key set known is above 50 KiB; ten times that is a mistake or an attack.
LARGEST_DOCUMENT: Final = 512 * 1024

HTTP_OK: Final = 200
HTTP_NOT_MODIFIED: Final = 304
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# What a second attempt may put right. Any other status is the endpoint's considered answer.
PASSING_STATUSES: Final = frozenset({502, 503, 504})
RETRY_PAUSE: Final = 0.1
# The statuses whose Retry-After lengthens the backoff.
PATIENT_STATUSES: Final = frozenset({429, 503})


Fetch = Callable[[str, Mapping[str, str]], Awaitable[Answer]]
"""`await fetch(url, headers)`: one GET, redirects not followed; any exception is a failure."""


class HTTPClient(Protocol):
    """What is used of an `httpx.AsyncClient`; httpx2's satisfies it too."""

    def stream(
        self, method: str, url: str, *, headers: Mapping[str, str], follow_redirects: bool
    ) -> AbstractAsyncContextManager[Any]:
        """Send a request; the context is the response, its body unread."""
        ...


class FetchFailed(KeySetUnavailable):
    """No document came of the fetch. `asked_to_wait` is the endpoint's Retry-After in seconds."""

    def __init__(
        self, message: str, *, passing: bool = False, asked_to_wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.passing = passing
        self.asked_to_wait = asked_to_wait


class Endpoint:
    """Fetches one kind of document: `await endpoint.get(url)`.

    Args:
        http_client: an `httpx.AsyncClient` (proxy, mTLS, private CA); None makes one per fetch.
        fetch: an async callable used instead of any client.
        allow_insecure_http: accept http:// for hosts other than loopback.
    """

    def __init__(
        self,
        *,
        http_client: HTTPClient | None = None,
        fetch: Fetch | None = None,
        allow_insecure_http: bool = False,
    ) -> None:
        if http_client is not None and fetch is not None:
            raise ConfigurationError("Give either http_client or fetch, not both.")
        self._client: Final = http_client
        self._fetch: Final = fetch
        self.allow_insecure_http: Final = allow_insecure_http
        if http_client is None and fetch is None:
            # Up to a second of work, done now rather than during somebody's request.
            _tls_context()

    async def get(self, url: str, *, etag: str | None = None, attempts: int = 2) -> Answer:
        """GET `url`; the answer has status 200, or 304 if `etag` was given and still holds.

        A second attempt is made for a connection error and for 502, 503 and 504, unless the
        endpoint asked for patience. The caller sets the deadline for all of it.

        Raises:
            FetchFailed: anything else came of it.
        """
        headers = {
            "accept": "application/json, application/jwk-set+json",
            # 200 KB of gzip can be 400 MB of JSON: the limit is on what is sent.
            "accept-encoding": "identity",
            "user-agent": f"asgi-jwks/{__version__}",
        }
        if etag is not None:
            headers["if-none-match"] = etag
        while True:
            attempts -= 1
            try:
                return _accepted(await self._once(url, headers), conditional=etag is not None)
            except FetchFailed as failure:
                if attempts < 1 or not failure.passing or failure.asked_to_wait is not None:
                    raise
            await anyio.sleep(RETRY_PAUSE)

    async def _once(self, url: str, headers: Mapping[str, str]) -> Answer:
        try:
            if self._fetch is not None:
                return _bounded(await self._fetch(url, headers))
            if self._client is not None:
                return await _read(self._client, url, headers)
            return await _read_with_new_client(url, headers)
        except FetchFailed:
            raise
        # Clients and callables that others wrote raise what they like; here it is one thing, a
        # fetch that failed, and its cause stays chained to it.
        except Exception as error:
            raise FetchFailed(_described(error), passing=True) from error


def _described(error: Exception) -> str:
    """The kind of an error and what it says; if it says nothing, what the error beneath it says."""
    beneath: BaseException | None = error
    # What is no Exception is a cancellation, by which a timeout came about.
    while isinstance(beneath, Exception):
        if text := str(beneath):
            return f"{type(error).__name__}: {text}"
        beneath = beneath.__cause__ or beneath.__context__
    return type(error).__name__


def require_secure_url(name: str, url: str, *, allow_insecure_http: bool) -> None:
    """Raise ConfigurationError unless keys may be fetched from `url` (RFC 8725, section 3.10)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        # urlsplit drops line breaks; the URL that is fetched is to be the one that was looked at.
        legible = url.isprintable() and " " not in url
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(f"{name} must be an absolute https URL; got {url!r}.") from None
    bare = not parts.fragment and "@" not in parts.netloc
    if parts.scheme not in {"https", "http"} or not host or not bare or not legible:
        raise ConfigurationError(
            f"{name} must be an absolute https URL without user or fragment; got {url!r}. "
            f'Write for example {name}="https://example.eu.auth0.com/".'
        )
    if parts.scheme == "http" and not allow_insecure_http and not _is_loopback(host):
        raise ConfigurationError(
            f"{name} must be an https URL, since whoever answers decides which tokens are valid; "
            f"got {url!r}. Plain http is accepted for loopback, and elsewhere only with "
            "allow_insecure_http=True."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _tls_context() -> ssl.SSLContext:
    # httpx takes a third of a second to import, so no module of this package imports it at the
    # top; whoever fetches pays for it at construction.
    import httpx

    return httpx.create_ssl_context()


async def _read_with_new_client(url: str, headers: Mapping[str, str]) -> Answer:
    import httpx

    # The caller's deadline covers connecting, headers and body together. TCP and TLS have to give
    # up before it, each in less than half of the time: httpcore closes the socket of a handshake
    # that times out, but not of one that is cancelled.
    left = anyio.current_effective_deadline() - anyio.current_time()
    timeout = httpx.Timeout(None, connect=0.45 * left if left < math.inf else None)
    async with httpx.AsyncClient(verify=_tls_context(), timeout=timeout) as client:
        return await _read(client, url, headers)


async def _read(client: HTTPClient, url: str, headers: Mapping[str, str]) -> Answer:
    request = client.stream("GET", url, headers=headers, follow_redirects=False)
    async with request as response:
        answer = Answer(response.status_code, dict(response.headers), b"")
        if answer.status not in {HTTP_OK, HTTP_NOT_MODIFIED}:
            # What an error page says is of no use, and it may be endless.
            return answer
        encoding = answer.header("content-encoding") or "identity"
        if answer.status == HTTP_OK and encoding.strip().lower() != "identity":
            raise FetchFailed(f"the answer is compressed ({encoding!r}) although we asked for none")
        body = bytearray()
        # Cancelled, not left: trio complains of generators that were left unfinished, as the
        # client's would be.
        with anyio.CancelScope() as reading:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LARGEST_DOCUMENT:
                    reading.cancel()
    return _bounded(Answer(answer.status, answer.headers, bytes(body)))


def _bounded(answer: Answer) -> Answer:
    if len(answer.body) > LARGEST_DOCUMENT:
        raise FetchFailed(f"the document is larger than {LARGEST_DOCUMENT} bytes")
    return answer


def _accepted(answer: Answer, *, conditional: bool) -> Answer:
    if answer.status == HTTP_OK or (conditional and answer.status == HTTP_NOT_MODIFIED):
        return answer
    if answer.status in REDIRECTS:
        raise FetchFailed(
            f"HTTP status {answer.status}: redirects are not followed; configure the final URL"
        )
    raise FetchFailed(
        f"HTTP status {answer.status}",
        passing=answer.status in PASSING_STATUSES,
        asked_to_wait=retry_after(answer) if answer.status in PATIENT_STATUSES else None,
    )
