"""Each fault at the socket: a real client over a real connection."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from asgi_jwks.testing import MockIssuer


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as client:
        yield client


def raw_answer(url: str) -> bytes:
    """Every octet of the answer to one GET, until the server closes the connection."""
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(request.encode())
        with connection.makefile("rb") as answer:
            return answer.read()


def test_a_healthy_endpoint_answers_with_the_document(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    response = client.get(issuer.jwks_uri)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert "cache-control" not in response.headers
    assert response.json() == issuer.jwk_set()


def test_requests_are_counted_and_recorded(issuer: MockIssuer, client: httpx.Client) -> None:
    client.get(issuer.jwks_uri, headers={"X-Probe": "1"})
    client.head(issuer.jwks_uri)
    assert issuer.jwks.count == 2
    assert issuer.discovery.count == 0
    first, second = issuer.jwks.requests
    assert (first.method, second.method) == ("GET", "HEAD")
    assert first.path == "/.well-known/jwks.json"
    assert first.headers["x-probe"] == "1"
    assert first.time <= second.time
    issuer.jwks.reset()
    assert issuer.jwks.count == 0


def test_a_request_that_does_not_arrive_is_not_waited_for_without_end(issuer: MockIssuer) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        issuer.jwks.wait_for_requests(1, timeout=0.001)


def test_an_unchanged_document_is_not_sent_again(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.cache_control = "public, max-age=15"
    tag = client.get(issuer.jwks_uri).headers["etag"]
    again = client.get(issuer.jwks_uri, headers={"If-None-Match": f'"other", {tag}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == "public, max-age=15"


def test_a_changed_document_has_another_tag(issuer: MockIssuer, client: httpx.Client) -> None:
    tag = client.get(issuer.jwks_uri).headers["etag"]
    issuer.rotate()
    again = client.get(issuer.jwks_uri, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag


def test_tags_may_be_weak_or_absent(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.etag = "weak"
    tag = client.get(issuer.jwks_uri).headers["etag"]
    assert tag.startswith('W/"')
    assert client.get(issuer.jwks_uri, headers={"If-None-Match": tag}).status_code == 304
    issuer.jwks.etag = None
    response = client.get(issuer.jwks_uri, headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert "etag" not in response.headers


def test_a_failing_endpoint_answers_with_the_status_until_it_recovers(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.fail()
    assert client.get(issuer.jwks_uri).status_code == 500
    issuer.jwks.fail(503, retry_after=7)
    response = client.get(issuer.jwks_uri)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "7"
    issuer.jwks.recover()
    assert client.get(issuer.jwks_uri).status_code == 200


def test_a_fault_can_be_limited_to_a_number_of_requests(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.fail(502, times=2)
    statuses = [client.get(issuer.jwks_uri).status_code for _ in range(3)]
    assert statuses == [502, 502, 200]


def test_garbage_is_a_web_page_with_status_200(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.garbage()
    response = client.get(issuer.jwks_uri)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html"
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_an_empty_set_has_no_keys(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.empty()
    assert client.get(issuer.jwks_uri).json() == {"keys": []}


@pytest.mark.parametrize(
    ("document", "body"), [(b"\xff{", b"\xff{"), ([1], b"[1]"), (None, b"null"), ("x", b'"x"')]
)
def test_any_document_can_be_put_in_its_place(
    issuer: MockIssuer, client: httpx.Client, document: object, body: bytes
) -> None:
    issuer.discovery.document(document)
    response = client.get(f"{issuer.url}.well-known/openid-configuration")
    assert response.content == body
    assert response.headers["content-type"] == "application/json"


def test_a_truncated_answer_ends_before_its_announced_length(issuer: MockIssuer) -> None:
    issuer.jwks.truncate()
    head, _, body = raw_answer(issuer.jwks_uri).partition(b"\r\n\r\n")
    whole = json.dumps(issuer.jwk_set()).encode()
    assert b"content-length: %d" % len(whole) in head
    assert body == whole[: len(whole) // 2]


def test_an_oversized_answer_is_valid_and_does_not_announce_its_length(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.oversize(200_000)
    response = client.get(issuer.jwks_uri)
    assert "content-length" not in response.headers
    assert len(response.content) == 200_000 + len('{"keys": []}')
    assert response.json() == {"keys": []}


def test_a_dripping_answer_goes_on_and_on(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.drip(every=0.001)
    with client.stream("GET", issuer.jwks_uri) as response:
        chunks = response.iter_raw()
        assert next(chunks).startswith(b'{"keys": [')
        assert b"".join(next(chunks) for _ in range(20)).strip() == b""


def test_a_redirect_leads_where_it_is_told(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.redirect("https://evil.example/jwks", status=307)
    response = client.get(issuer.jwks_uri)
    assert response.status_code == 307
    assert response.headers["location"] == "https://evil.example/jwks"


def test_a_client_that_follows_the_default_redirect_finds_the_document(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.redirect()
    assert client.get(issuer.jwks_uri).status_code == 302
    followed = client.get(issuer.jwks_uri, follow_redirects=True)
    assert followed.json() == issuer.jwk_set()
    assert issuer.jwks.count == 3


def test_a_delayed_answer_is_healthy(issuer: MockIssuer, client: httpx.Client) -> None:
    issuer.jwks.delay(0.01)
    assert client.get(issuer.jwks_uri).json() == issuer.jwk_set()


def test_a_client_that_leaves_a_delayed_answer_is_let_go(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.delay(3600, times=1)
    with pytest.raises(httpx.ReadTimeout):
        client.get(issuer.jwks_uri, timeout=0.05)
    assert client.get(issuer.jwks_uri).status_code == 200


def test_hanging_requests_are_answered_when_the_endpoint_recovers(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.hang()
    with ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(client.get, issuer.jwks_uri) for _ in range(3)]
        issuer.jwks.wait_for_requests(3, timeout=30)
        assert not any(answer.done() for answer in answers)
        issuer.jwks.recover()
        assert [answer.result().status_code for answer in answers] == [200] * 3


def test_hanging_requests_meet_the_fault_that_follows(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.hang()
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(client.get, issuer.jwks_uri)
        issuer.jwks.wait_for_requests(1, timeout=30)
        issuer.jwks.fail(418)
        assert answer.result().status_code == 418


def test_one_request_can_hang_while_the_next_is_answered(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.hang(times=1)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.get, issuer.jwks_uri)
        issuer.jwks.wait_for_requests(1, timeout=30)
        assert client.get(issuer.jwks_uri).status_code == 200
        assert not first.done()
        issuer.jwks.recover()
        assert first.result().status_code == 200


def test_a_client_that_leaves_a_hanging_request_is_let_go(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.hang()
    with pytest.raises(httpx.ReadTimeout):
        client.get(issuer.jwks_uri, timeout=0.05)
    issuer.jwks.recover()
    assert client.get(issuer.jwks_uri).status_code == 200


def test_the_other_endpoint_goes_on_while_one_hangs(
    issuer: MockIssuer, client: httpx.Client
) -> None:
    issuer.jwks.hang()
    discovery = f"{issuer.url}.well-known/openid-configuration"
    assert client.get(discovery).json()["jwks_uri"] == issuer.jwks_uri


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["hang", "drip", "delay", "oversize"])
async def test_without_a_network_a_deadline_of_the_caller_ends_every_fault(fault: str) -> None:
    issuer = MockIssuer(algorithm="ES256")
    match fault:
        case "delay":
            issuer.jwks.delay(3600)
        case "oversize":
            issuer.jwks.oversize(10**15)
        case _:
            getattr(issuer.jwks, fault)()
    async with issuer.http_client() as client:
        with pytest.raises(TimeoutError):
            with anyio.fail_after(0.05):
                await client.get(issuer.jwks_uri)
        issuer.jwks.recover()
        assert (await client.get(issuer.jwks_uri)).json() == issuer.jwk_set()


@pytest.mark.anyio
async def test_without_a_network_a_truncated_answer_is_a_protocol_error() -> None:
    issuer = MockIssuer(algorithm="ES256")
    issuer.jwks.truncate()
    async with issuer.http_client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(issuer.jwks_uri)
