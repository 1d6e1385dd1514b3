"""The HTTP client, over real sockets: httpx by default, or the caller's own."""

import ssl
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.abc
import httpx
import httpx2
import pytest
from tests.support.raw_server import HEAD, saying, talking
from tests.support.tls_server import self_signed, serving_tls

from asgi_jwks.fetching.client import LARGEST_DOCUMENT
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed
from asgi_jwks.testing import MockIssuer

anywhere = pytest.mark.anyio


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
        with anyio.fail_after(5), pytest.raises(FetchFailed, match="larger than 524288 bytes"):
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
async def test_the_body_of_a_refusal_is_not_read() -> None:
    """F8: its status and Retry-After are all that matters, and it may be endless."""

    async def endless(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 503 No\r\nretry-after: 7\r\n\r\n")
        while True:
            await stream.send(b"x" * 65536)

    async with talking(endless) as url:
        with anyio.fail_after(5), pytest.raises(FetchFailed) as failed:
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
        with anyio.fail_after(5), pytest.raises(FetchFailed):
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
