"""One GET under limits, over real sockets."""

import datetime as dt
from collections.abc import Mapping
from email.utils import format_datetime

import httpx
import pytest
from tests.support.raw_server import saying, talking

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import LARGEST_DOCUMENT, default_fetch
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed, FetchResponse
from asgi_jwks.testing import MockIssuer

anywhere = pytest.mark.anyio


# What is asked.


@anywhere
async def test_a_document_is_asked_for_plainly(issuer: MockIssuer) -> None:
    """F11: uncompressed, and conditionally if there is an ETag."""
    endpoint = DocumentRequest()
    answer = await endpoint.get(issuer.jwks_uri)
    etag = answer.header("etag")
    assert etag is not None
    assert answer.status == 200
    again = await endpoint.get(issuer.jwks_uri, etag=etag)
    assert (again.status, again.body) == (304, b"")
    first, second = (request.headers for request in issuer.jwks.requests)
    assert "cache-control" not in first
    assert first["accept-encoding"] == "identity"
    assert first["user-agent"].startswith("asgi-jwks/")
    assert "if-none-match" not in first
    assert second["if-none-match"] == etag


@anywhere
async def test_a_304_that_was_not_asked_for_is_a_failure(issuer: MockIssuer) -> None:
    """F8."""
    issuer.jwks.fail(304)
    with pytest.raises(FetchFailed, match="HTTP status 304"):
        await DocumentRequest().get(issuer.jwks_uri)


@anywhere
@pytest.mark.parametrize("named", ['"b"', 'W/"b"', "no tag"])
async def test_a_304_about_another_representation_confirms_nothing(named: str) -> None:
    """F11: RFC 9111, section 4.3.4; the document is fetched."""
    asked: list[Mapping[str, str]] = []

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        asked.append(dict(headers))
        if len(asked) == 1:
            return FetchResponse(304, {"ETag": named}, b"")
        return FetchResponse(200, {"ETag": '"c"'}, b"{}")

    answer = await DocumentRequest(fetch=fetch).get("https://issuer.example/keys", etag='"a"')
    assert (answer.status, answer.body) == (200, b"{}")
    assert ["if-none-match" in headers for headers in asked] == [True, False]


@anywhere
@pytest.mark.parametrize("named", [None, '"a"', 'W/"a"', ' "a"'])
async def test_a_304_about_the_same_representation_confirms_it(named: str | None) -> None:
    """F11: a cache on the way may have made the tag weak (RFC 9110, section 8.8.3.2)."""

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        return FetchResponse(304, {} if named is None else {"etag": named}, b"")

    for tag in ('"a"', 'W/"a"'):
        answer = await DocumentRequest(fetch=fetch).get("https://issuer.example/keys", etag=tag)
        assert answer.status == 304


@anywhere
async def test_caches_on_the_way_can_be_told_to_ask_the_endpoint(issuer: MockIssuer) -> None:
    """F16: RFC 9111, section 5.2.1.4."""
    await DocumentRequest().get(issuer.jwks_uri, revalidate=True)
    assert issuer.jwks.requests[-1].headers["cache-control"] == "no-cache"


# What is refused.


@anywhere
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(issuer: MockIssuer, status: int) -> None:
    """F8, F22: whoever answers there was not configured; the message names the target."""
    issuer.jwks.redirect(status=status)
    with pytest.raises(FetchFailed, match="redirects are not followed") as failed:
        await DocumentRequest().get(issuer.jwks_uri)
    redirect = f"{issuer.jwks_uri}: HTTP status {status}, a redirect to '"
    assert str(failed.value).startswith(redirect)
    assert issuer.jwks.count == 1


@anywhere
@pytest.mark.parametrize("status", [204, 400, 401, 404, 418, 500, 501])
async def test_a_considered_refusal_is_not_asked_for_twice(issuer: MockIssuer, status: int) -> None:
    """F8."""
    issuer.jwks.fail(status)
    with pytest.raises(FetchFailed, match=f"HTTP status {status}"):
        await DocumentRequest().get(issuer.jwks_uri)
    assert issuer.jwks.count == 1


@anywhere
@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_passing_failure_is_tried_once_more(issuer: MockIssuer, status: int) -> None:
    issuer.jwks.fail(status, times=1)
    assert (await DocumentRequest().get(issuer.jwks_uri)).status == 200
    issuer.jwks.fail(status)
    with pytest.raises(FetchFailed, match=f"HTTP status {status}"):
        await DocumentRequest().get(issuer.jwks_uri)
    assert issuer.jwks.count == 4
    with pytest.raises(FetchFailed):
        await DocumentRequest().get(issuer.jwks_uri, attempts=1)
    assert issuer.jwks.count == 5


@anywhere
async def test_a_lost_connection_is_tried_once_more(issuer: MockIssuer) -> None:
    """F8: and a document of which half came is none."""
    issuer.jwks.truncate(times=1)
    assert (await DocumentRequest().get(issuer.jwks_uri)).status == 200
    issuer.jwks.truncate()
    with pytest.raises(FetchFailed, match="RemoteProtocolError") as failed:
        await DocumentRequest().get(issuer.jwks_uri)
    assert isinstance(failed.value.__cause__, httpx.RemoteProtocolError)
    assert issuer.jwks.count == 4


@anywhere
async def test_an_endpoint_that_nobody_listens_at_is_a_failure() -> None:
    """F7."""
    async with talking(saying()) as url:
        pass
    with pytest.raises(FetchFailed, match="ConnectError"):
        await DocumentRequest().get(url)


@anywhere
async def test_an_endpoint_that_asks_for_patience_is_given_it(issuer: MockIssuer) -> None:
    """F11: in seconds or by a date, and no second attempt is made."""
    issuer.jwks.fail(503, retry_after=30)
    with pytest.raises(FetchFailed) as failed:
        await DocumentRequest().get(issuer.jwks_uri)
    assert failed.value.asked_to_wait == 30
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    issuer.jwks.fail(429, retry_after=format_datetime(later, usegmt=True))
    with pytest.raises(FetchFailed) as failed:
        await DocumentRequest().get(issuer.jwks_uri)
    assert failed.value.asked_to_wait == pytest.approx(90, abs=5)
    issuer.jwks.fail(500, retry_after=30)
    with pytest.raises(FetchFailed) as failed:
        await DocumentRequest().get(issuer.jwks_uri)
    assert failed.value.asked_to_wait is None
    assert issuer.jwks.count == 3


@anywhere
async def test_a_callable_is_used_instead_of_any_client() -> None:
    """And is held to the same limits."""
    asked: list[tuple[str, Mapping[str, str]]] = []
    answers = [FetchResponse(200, {}, b"{}"), FetchResponse(200, {}, b" " * (LARGEST_DOCUMENT + 1))]

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        asked.append((url, headers))
        return answers.pop(0)

    endpoint = DocumentRequest(fetch=fetch)
    assert (await endpoint.get("https://issuer.example/keys")).body == b"{}"
    with pytest.raises(FetchFailed, match="larger"):
        await endpoint.get("https://issuer.example/keys", etag='"1"')
    with pytest.raises(FetchFailed, match="IndexError") as failed:
        await endpoint.get("https://issuer.example/keys")
    assert isinstance(failed.value.__cause__, IndexError)
    assert len(asked) == 4
    assert asked[1][1]["if-none-match"] == '"1"'


@anywhere
@pytest.mark.parametrize(
    ("response", "why"),
    [
        (
            FetchResponse(302, {"location": "https://evil.example/\r\n\x1b[31m"}, b""),
            "evil.example",
        ),
        (FetchResponse(302, {}, b""), "to 'nowhere'"),
        (FetchResponse(404, {}, b""), "HTTP status 404"),
        (FetchResponse(200, {}, b" " * (LARGEST_DOCUMENT + 1)), "larger than"),
        (OSError("unreachable"), "OSError: unreachable"),
        (TimeoutError(), "TimeoutError"),
    ],
    ids=["a redirect", "a redirect to nowhere", "a status", "too large", "an error", "no text"],
)
async def test_each_failure_names_the_url_that_was_asked(
    response: FetchResponse | Exception, why: str
) -> None:
    """F22: and what strangers wrote is escaped."""

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        if isinstance(response, Exception):
            raise response
        return response

    with pytest.raises(FetchFailed) as failed:
        await DocumentRequest(fetch=fetch).get("https://issuer.example/keys", attempts=1)
    assert str(failed.value).startswith("https://issuer.example/keys: ")
    assert why in str(failed.value)
    assert str(failed.value).isprintable()


def test_a_fetch_is_a_callable_and_excludes_a_client() -> None:
    """A11, F14."""
    with pytest.raises(ConfigurationError, match="fetch must be a callable"):
        DocumentRequest(fetch="https://issuer.example/")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="not both"):
        DocumentRequest(fetch=default_fetch(), http_client=httpx.AsyncClient())
    with pytest.raises(ConfigurationError, match="allow_insecure_http must be True or False"):
        DocumentRequest(allow_insecure_http="false")  # type: ignore[arg-type]
