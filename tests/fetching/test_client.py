"""The HTTP client, over real sockets: httpx by default, or the caller's own."""

import json
import ssl
from collections.abc import AsyncIterator, Callable
from http.cookiejar import CookieJar
from pathlib import Path

import anyio
import anyio.abc
import anyio.lowlevel
import httpx
import httpx2
import pytest
from tests.support.raw_server import HEAD, saying, talking
from tests.support.tls_server import self_signed, serving_tls

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import (
    LARGEST_DOCUMENT,
    MOST_FIELDS,
    MOST_PIECES,
    _time_to_connect,
    client_fetch,
)
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.testing import MockIssuer

anywhere = pytest.mark.anyio

URL = "https://issuer.example/keys"


# What is read.


@anywhere
async def test_not_even_a_client_that_follows_redirects_follows_them(issuer: MockIssuer) -> None:
    """F8."""
    issuer.jwks.redirect()
    async with httpx.AsyncClient(follow_redirects=True) as client:
        with pytest.raises(FetchFailed, match="redirects"):
            await DocumentRequest(http_client=client).get(issuer.jwks_uri)


@anywhere
@pytest.mark.parametrize("own_client", [False, True])
async def test_a_document_beyond_the_limit_is_not_read_to_its_end(
    issuer: MockIssuer, own_client: bool
) -> None:
    """F8."""
    issuer.jwks.oversize(64 * 1024 * 1024)
    async with httpx.AsyncClient() as client:
        endpoint = DocumentRequest(http_client=client) if own_client else DocumentRequest()
        with anyio.fail_after(30), pytest.raises(FetchFailed, match="larger than 524288 bytes"):
            await endpoint.get(issuer.jwks_uri)


@anywhere
async def test_the_largest_document_is_read() -> None:
    body = b" " * LARGEST_DOCUMENT
    head = HEAD + b"content-length: %d\r\n\r\n" % len(body)
    async with talking(saying(head, body)) as url:
        assert (await DocumentRequest().get(url)).body == body


@anywhere
async def test_an_answer_that_is_compressed_all_the_same_is_refused() -> None:
    """F8: a small gzip can be a large document."""
    answer = saying(HEAD + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b")
    async with talking(answer) as url:
        with pytest.raises(FetchFailed, match="compressed"):
            await DocumentRequest().get(url)


@anywhere
async def test_a_response_of_thousands_of_header_fields_is_refused() -> None:
    """W4: httpx looks each name up by going through all of them."""
    fields = [(f"x-{number}", "") for number in range(MOST_FIELDS + 1)]
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=fields))
    with pytest.raises(FetchFailed, match="more than 256 header fields"):
        await DocumentRequest(http_client=transport).get(URL)


class InPieces(httpx.AsyncByteStream):
    """A body that is there at once, in pieces of one byte; how many were taken."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.number):
            self.taken += 1
            yield b" "


@anywhere
async def test_a_document_in_tiny_pieces_lets_others_run_in_between() -> None:
    """W4: a client does not wait for chunks that arrived together."""
    body = InPieces(50)
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=body))
    seen = set[int]()

    async def others() -> None:
        while True:
            seen.add(body.taken)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        response = await DocumentRequest(http_client=transport).get(URL)
        tasks.cancel_scope.cancel()
    assert len(response.body) == 50
    assert len(seen) > 20


@anywhere
async def test_a_document_in_too_many_pieces_is_refused() -> None:
    """W4: 512 KiB in chunks of one byte would take seconds of work."""
    body = InPieces(2 * MOST_PIECES)
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=body))
    with pytest.raises(FetchFailed, match="more than 4096 pieces"):
        await DocumentRequest(http_client=transport).get(URL)


@anywhere
async def test_cookies_of_the_endpoint_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """W4: 100 KB of them would take longer to read than the document."""
    read = list[object]()
    monkeypatch.setattr(CookieJar, "extract_cookies", lambda *given: read.append(given))
    async with talking(saying(HEAD + b"set-cookie: a=b\r\ncontent-length: 2\r\n\r\n{}")) as url:
        assert (await DocumentRequest().get(url)).header("set-cookie") == "a=b"
    assert not read


@anywhere
@pytest.mark.parametrize(
    "said",
    [
        b"NOT HTTP \x1b[31m" + b"A" * 50_000,
        HEAD + b"content-encoding: gzip\xff" + b"x" * 50_000 + b"\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"Z" * 50_000 + b"\r\n",
        b"HTTP/1.1 302 No\r\nlocation: http://\xff" + b"x" * 50_000 + b"/\r\n\r\n",
    ],
    ids=["status line", "encoding", "chunk", "location"],
)
async def test_the_text_of_a_failure_quotes_little_of_an_answer(said: bytes) -> None:
    """W6: it ends up in the log and in health()."""
    async with talking(saying(said + b"\r\n")) as url:
        with anyio.fail_after(30), pytest.raises(FetchFailed) as failed:
            await DocumentRequest().get(url)
    text = str(failed.value)
    assert len(text) < 500
    assert text.isascii()
    assert text.isprintable()


@anywhere
async def test_the_body_of_a_refusal_is_not_read() -> None:
    """F8: its status and Retry-After are all that matters, and it may be endless."""

    async def endless(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 503 No\r\nretry-after: 7\r\n\r\n")
        while True:
            await stream.send(b"x" * 65536)

    async with talking(endless) as url:
        with anyio.fail_after(30), pytest.raises(FetchFailed) as failed:
            await DocumentRequest().get(url)
    assert failed.value.asked_to_wait == 7


@anywhere
@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 300_000],
    ids=["nothing", "SSH", "an endless field"],
)
async def test_what_is_not_http_is_a_failure(said: bytes) -> None:
    """F8."""
    async with talking(saying(said)) as url:
        with anyio.fail_after(30), pytest.raises(FetchFailed):
            await DocumentRequest().get(url)


# Other clients.


@anywhere
@pytest.mark.parametrize("client", [httpx.AsyncClient, httpx2.AsyncClient])
async def test_a_client_of_the_callers_own_is_used(
    issuer: MockIssuer, client: Callable[..., httpx.AsyncClient]
) -> None:
    """Of httpx, and of httpx2: proxies, client certificates and private CAs are its affair."""
    async with client(headers={"x-from": "my client"}) as own:
        endpoint = DocumentRequest(http_client=own)
        answer = await endpoint.get(issuer.jwks_uri)
        assert (await endpoint.get(issuer.jwks_uri, etag=answer.header("etag"))).status == 304
        issuer.jwks.oversize(2 * LARGEST_DOCUMENT)
        with pytest.raises(FetchFailed, match="larger"):
            await endpoint.get(issuer.jwks_uri)
    assert issuer.jwks.requests[0].headers["x-from"] == "my client"
    with pytest.raises(FetchFailed, match="closed"):
        await endpoint.get(issuer.jwks_uri)


@anywhere
async def test_a_transport_of_httpx_is_used() -> None:
    """A11: MockTransport too, whose responses have been read already."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"asked": str(request.url)}, headers={"etag": '"1"'})

    response = await DocumentRequest(http_client=httpx.MockTransport(answer)).get(URL)
    assert json.loads(response.body) == {"asked": URL}
    assert response.header("etag") == '"1"'


@anywhere
async def test_a_client_around_a_mock_transport_is_used() -> None:
    """A11."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await DocumentRequest(http_client=client).get(URL)).body == b"{}"


@anywhere
async def test_a_response_that_was_read_already_is_held_to_the_limits() -> None:
    """F8."""
    large = httpx.MockTransport(
        lambda request: httpx.Response(200, content=b" " * (LARGEST_DOCUMENT + 1))
    )
    with pytest.raises(FetchFailed, match="larger"):
        await DocumentRequest(http_client=large).get(URL)


class Streaming(httpx.AsyncBaseTransport):
    """A transport whose responses are streams."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"{"
            yield b"}"

        return httpx.Response(200, content=body())


@anywhere
async def test_a_transport_of_the_callers_own_is_used() -> None:
    """A11."""
    assert (await DocumentRequest(http_client=Streaming()).get(URL)).body == b"{}"


@pytest.mark.parametrize(
    "client",
    [
        httpx.Client(),
        httpx.HTTPTransport(),
        httpx.AsyncClient,
        httpx2.MockTransport(lambda request: httpx2.Response(200)),
        "https://proxy.example/",
        object(),
        True,
    ],
    ids=[
        "a sync client",
        "a sync transport",
        "a class",
        "a transport of httpx2",
        "a string",
        "an object",
        "True",
    ],
)
def test_what_is_not_an_async_client_is_a_configuration_error(client: object) -> None:
    """A11, F14: and not a failure of each fetch."""
    with pytest.raises(ConfigurationError, match="http_client must be an async client"):
        client_fetch(client)


# Proxies of the environment.


def proxied(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, url.removesuffix("/keys"))


@anywhere
async def test_loopback_is_not_asked_through_a_proxy(
    issuer: MockIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F19: whoever answers there would decide which tokens are valid."""
    async with talking(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy")) as proxy:
        proxied(monkeypatch, proxy)
        response = await DocumentRequest().get(issuer.jwks_uri)
        assert response.body != b"proxy"
        elsewhere = DocumentRequest(allow_insecure_http=True)
        assert (await elsewhere.get("http://issuer.example/keys")).body == b"proxy"


@anywhere
async def test_https_is_asked_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F19."""
    async with talking(saying(b"HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n")) as proxy:
        proxied(monkeypatch, proxy)
        with pytest.raises(FetchFailed, match="ProxyError: 418 No"):
            await DocumentRequest().get(URL, attempts=1)


# Deadlines.


@anywhere
@pytest.mark.parametrize(("left", "to_connect"), [(5, 4.9), (0.3, 0.2), (0.03, 0.02)])
async def test_connecting_may_take_nearly_all_that_the_deadline_leaves(
    left: float, to_connect: float
) -> None:
    """F20."""
    assert _time_to_connect() is None
    began = anyio.current_time()
    with anyio.CancelScope(deadline=began + left):
        await anyio.lowlevel.checkpoint()
        time = _time_to_connect()
        # On a busy machine, some of what is left has passed by now.
        passed = anyio.current_time() - began
        assert time is not None
        assert to_connect - passed < time < to_connect + 0.001


# TLS.


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """F8: and a client with a private CA gets through."""
    certificate, key = self_signed(tmp_path)

    async def fetch(url: str) -> None:
        with pytest.raises(FetchFailed, match=r"(?i)certificate verify failed"):
            await DocumentRequest().get(url)
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await DocumentRequest(http_client=client).get(url)).body == b"{}"

    with serving_tls(certificate, key) as url:
        anyio.run(fetch, url)
        anyio.run(fetch, url, backend="trio")
