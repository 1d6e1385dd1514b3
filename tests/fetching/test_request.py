"""One GET under limits, over real sockets."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from email.utils import format_datetime
from pathlib import Path

import anyio
import anyio.abc
import httpx
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from asgi_jwks.errors import ConfigurationError, KeySetUnavailable
from asgi_jwks.fetching.request import LARGEST_DOCUMENT, Endpoint, FetchFailed, require_secure_url
from asgi_jwks.fetching.response import Answer
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer

anywhere = pytest.mark.anyio

Talk = Callable[[anyio.abc.ByteStream], Awaitable[None]]


@pytest.fixture(scope="module")
def served_issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(algorithm="ES256")
    with issuer.serve():
        yield issuer


@pytest.fixture
def issuer(served_issuer: MockIssuer) -> Iterator[MockIssuer]:
    yield served_issuer
    served_issuer.reset()


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """A server that says to each client what `talk` says, once it has read a request."""

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
    async def talk(stream: anyio.abc.ByteStream) -> None:
        for part in parts:
            await stream.send(part)

    return talk


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


# What is asked.


@anywhere
async def test_a_document_is_asked_for_plainly(issuer: MockIssuer) -> None:
    """F11: uncompressed, and conditionally if there is an ETag."""
    endpoint = Endpoint()
    answer = await endpoint.get(issuer.jwks_uri)
    etag = answer.header("etag")
    assert etag is not None
    assert answer.status == 200
    again = await endpoint.get(issuer.jwks_uri, etag=etag)
    assert (again.status, again.body) == (304, b"")
    first, second = (request.headers for request in issuer.jwks.requests)
    assert first["accept-encoding"] == "identity"
    assert first["user-agent"].startswith("asgi-jwks/")
    assert "if-none-match" not in first
    assert second["if-none-match"] == etag


@anywhere
async def test_a_304_that_was_not_asked_for_is_a_failure(issuer: MockIssuer) -> None:
    """F8."""
    issuer.jwks.fail(304)
    with pytest.raises(FetchFailed, match="HTTP status 304"):
        await Endpoint().get(issuer.jwks_uri)


# What is refused.


@anywhere
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(issuer: MockIssuer, status: int) -> None:
    """F8: whoever answers there was not configured."""
    issuer.jwks.redirect(status=status)
    with pytest.raises(FetchFailed, match="redirects are not followed"):
        await Endpoint().get(issuer.jwks_uri)
    assert issuer.jwks.count == 1


@anywhere
async def test_not_even_a_client_that_follows_redirects_follows_them(issuer: MockIssuer) -> None:
    """F8."""
    issuer.jwks.redirect()
    async with httpx.AsyncClient(follow_redirects=True) as client:
        with pytest.raises(FetchFailed, match="redirects"):
            await Endpoint(http_client=client).get(issuer.jwks_uri)


@anywhere
@pytest.mark.parametrize("status", [204, 400, 401, 404, 418, 500, 501])
async def test_a_considered_refusal_is_not_asked_for_twice(issuer: MockIssuer, status: int) -> None:
    """F8."""
    issuer.jwks.fail(status)
    with pytest.raises(FetchFailed, match=f"HTTP status {status}"):
        await Endpoint().get(issuer.jwks_uri)
    assert issuer.jwks.count == 1


@anywhere
@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_passing_failure_is_tried_once_more(issuer: MockIssuer, status: int) -> None:
    issuer.jwks.fail(status, times=1)
    assert (await Endpoint().get(issuer.jwks_uri)).status == 200
    issuer.jwks.fail(status)
    with pytest.raises(FetchFailed, match=f"HTTP status {status}"):
        await Endpoint().get(issuer.jwks_uri)
    assert issuer.jwks.count == 4
    with pytest.raises(FetchFailed):
        await Endpoint().get(issuer.jwks_uri, attempts=1)
    assert issuer.jwks.count == 5


@anywhere
async def test_a_lost_connection_is_tried_once_more(issuer: MockIssuer) -> None:
    """F8: and a document of which half came is none."""
    issuer.jwks.truncate(times=1)
    assert (await Endpoint().get(issuer.jwks_uri)).status == 200
    issuer.jwks.truncate()
    with pytest.raises(FetchFailed, match="RemoteProtocolError") as failed:
        await Endpoint().get(issuer.jwks_uri)
    assert isinstance(failed.value.__cause__, httpx.RemoteProtocolError)
    assert issuer.jwks.count == 4


@anywhere
async def test_an_endpoint_that_nobody_listens_at_is_a_failure() -> None:
    """F7."""
    async with talking(saying()) as url:
        pass
    with pytest.raises(FetchFailed, match="ConnectError"):
        await Endpoint().get(url)


@anywhere
async def test_an_endpoint_that_asks_for_patience_is_given_it(issuer: MockIssuer) -> None:
    """F11: in seconds or by a date, and no second attempt is made."""
    issuer.jwks.fail(503, retry_after=30)
    with pytest.raises(FetchFailed) as failed:
        await Endpoint().get(issuer.jwks_uri)
    assert failed.value.asked_to_wait == 30
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    issuer.jwks.fail(429, retry_after=format_datetime(later, usegmt=True))
    with pytest.raises(FetchFailed) as failed:
        await Endpoint().get(issuer.jwks_uri)
    assert failed.value.asked_to_wait == pytest.approx(90, abs=5)
    issuer.jwks.fail(500, retry_after=30)
    with pytest.raises(FetchFailed) as failed:
        await Endpoint().get(issuer.jwks_uri)
    assert failed.value.asked_to_wait is None
    assert issuer.jwks.count == 3


@anywhere
@pytest.mark.parametrize("own_client", [False, True])
async def test_a_document_beyond_the_limit_is_not_read_to_its_end(
    issuer: MockIssuer, own_client: bool
) -> None:
    """F8."""
    issuer.jwks.oversize(64 * 1024 * 1024)
    async with httpx.AsyncClient() as client:
        endpoint = Endpoint(http_client=client) if own_client else Endpoint()
        with anyio.fail_after(5), pytest.raises(FetchFailed, match="larger than 524288 bytes"):
            await endpoint.get(issuer.jwks_uri)


@anywhere
async def test_the_largest_document_is_read() -> None:
    body = b" " * LARGEST_DOCUMENT
    head = HEAD + b"content-length: %d\r\n\r\n" % len(body)
    async with talking(saying(head, body)) as url:
        assert (await Endpoint().get(url)).body == body


@anywhere
async def test_an_answer_that_is_compressed_all_the_same_is_refused() -> None:
    """F8: a small gzip can be a large document."""
    answer = saying(HEAD + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b")
    async with talking(answer) as url:
        with pytest.raises(FetchFailed, match="compressed"):
            await Endpoint().get(url)


@anywhere
async def test_the_body_of_a_refusal_is_not_read() -> None:
    """F8: its status and Retry-After are all that matters, and it may be endless."""

    async def endless(stream: anyio.abc.ByteStream) -> None:
        await stream.send(b"HTTP/1.1 503 No\r\nretry-after: 7\r\n\r\n")
        while True:
            await stream.send(b"x" * 65536)

    async with talking(endless) as url:
        with anyio.fail_after(5), pytest.raises(FetchFailed) as failed:
            await Endpoint().get(url)
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
            await Endpoint().get(url)


# The deadline.


@anywhere
@pytest.mark.parametrize("stage", ["tls", "headers", "body", "drip"])
async def test_the_deadline_covers_connect_headers_and_the_whole_body(stage: str) -> None:
    """F9: a stalled body is reported as a timeout."""

    async def stall(stream: anyio.abc.ByteStream) -> None:
        if stage in {"body", "drip"}:
            await stream.send(HEAD + b'content-length: 1000\r\n\r\n{"keys": [')
        while stage == "drip":
            await stream.send(b" ")
            await anyio.sleep(0.02)
        await anyio.sleep_forever()

    async with talking(stall) as url:
        if stage == "tls":
            url = url.replace("http:", "https:")
        # A handshake gives up well before the deadline, so that its socket is closed.
        keys = RemoteJWKSet(url, timeout=1 if stage == "tls" else 0.2)
        with pytest.raises(KeySetUnavailable) as unavailable, anyio.fail_after(5):
            await keys.refresh()
    expected = "ConnectTimeout" if stage == "tls" else "no complete answer within 0.2 s"
    assert str(unavailable.value) == expected


# Other clients.


@anywhere
@pytest.mark.parametrize("client", [httpx.AsyncClient, httpx2.AsyncClient])
async def test_a_client_of_the_callers_own_is_used(
    issuer: MockIssuer, client: Callable[..., httpx.AsyncClient]
) -> None:
    """Of httpx, and of httpx2: proxies, client certificates and private CAs are its affair."""
    async with client(headers={"x-from": "my client"}) as own:
        endpoint = Endpoint(http_client=own)
        answer = await endpoint.get(issuer.jwks_uri)
        assert (await endpoint.get(issuer.jwks_uri, etag=answer.header("etag"))).status == 304
        issuer.jwks.oversize(2 * LARGEST_DOCUMENT)
        with pytest.raises(FetchFailed, match="larger"):
            await endpoint.get(issuer.jwks_uri)
    assert issuer.jwks.requests[0].headers["x-from"] == "my client"
    with pytest.raises(FetchFailed, match="closed"):
        await endpoint.get(issuer.jwks_uri)


@anywhere
async def test_a_callable_is_used_instead_of_any_client() -> None:
    """And is held to the same limits."""
    asked: list[tuple[str, Mapping[str, str]]] = []
    answers = [Answer(200, {}, b"{}"), Answer(200, {}, b" " * (LARGEST_DOCUMENT + 1))]

    async def fetch(url: str, headers: Mapping[str, str]) -> Answer:
        asked.append((url, headers))
        return answers.pop(0)

    endpoint = Endpoint(fetch=fetch)
    assert (await endpoint.get("https://issuer.example/keys")).body == b"{}"
    with pytest.raises(FetchFailed, match="larger"):
        await endpoint.get("https://issuer.example/keys", etag='"1"')
    with pytest.raises(FetchFailed, match="IndexError") as failed:
        await endpoint.get("https://issuer.example/keys")
    assert isinstance(failed.value.__cause__, IndexError)
    assert len(asked) == 4
    assert asked[1][1]["if-none-match"] == '"1"'


# TLS.


def self_signed(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory / "cert.pem", directory / "key.pem"


@contextmanager
def serving_tls(certificate: Path, key: Path) -> Iterator[str]:
    """An https server on loopback that answers every request with `{}`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    ready: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"content-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async def serve() -> None:
        loop.set_exception_handler(lambda loop, context: None)
        async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
            await ready.put(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys")
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(ready.get(), loop).result(timeout=5)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=5)
        loop.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """F8: and a client with a private CA gets through."""
    certificate, key = self_signed(tmp_path)

    async def fetch(url: str) -> None:
        with pytest.raises(FetchFailed, match=r"(?i)certificate verify failed"):
            await Endpoint().get(url)
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await Endpoint(http_client=client).get(url)).body == b"{}"

    with serving_tls(certificate, key) as url:
        anyio.run(fetch, url)
        anyio.run(fetch, url, backend="trio")


# URLs.


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example/",
        "https://issuer.example:8443/realms/one?v=2",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "http://localhost/",
    ],
)
def test_keys_may_be_fetched_over_https_and_from_loopback(url: str) -> None:
    require_secure_url("jwks_uri", url, allow_insecure_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "ftp://issuer.example/",
        "file:///etc/passwd",
        "issuer.example",
        "",
        "https://",
        "https://user@issuer.example/",
        "https://:secret@issuer.example/",
        "https://issuer.example/#keys",
        "https://issuer.example:99999/",
        "https://[::1/",
        "https://issuer.example/a\nb",
        "https://issuer.example/a b",
        None,
        7,
    ],
)
def test_keys_are_not_fetched_from_anywhere_else(url: str) -> None:
    """F14: the message says what to write."""
    with pytest.raises(ConfigurationError, match="jwks_uri must be an"):
        require_secure_url("jwks_uri", url, allow_insecure_http=False)


def test_plain_http_is_for_those_who_say_so() -> None:
    require_secure_url("jwks_uri", "http://issuer.internal/", allow_insecure_http=True)
    with pytest.raises(ConfigurationError, match="allow_insecure_http=True"):
        require_secure_url("jwks_uri", "http://issuer.internal/", allow_insecure_http=False)
