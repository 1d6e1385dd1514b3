"""From an issuer to its JWKS URL."""

from collections.abc import Callable, Mapping

import anyio
import pytest

from asgi_jwks.errors import ConfigurationError, InvalidToken, KeySetUnavailable
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed, FetchResponse
from asgi_jwks.keys.discovery import Metadata, metadata_urls
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]

ISSUER = "https://issuer.example/realms/one"


def discovering(issuer: MockIssuer) -> RemoteJWKSet:
    return RemoteJWKSet(
        issuer=issuer.issuer,
        http_client=issuer.http_client(),
        listener=lambda event: None,
        clock=anyio.current_time,
    )


async def find(keys: RemoteJWKSet, issuer: MockIssuer) -> None:
    kid = issuer.signing_key.kid
    assert (await keys.find(kid, "ES256", lambda: None)).kid == kid


async def failure_of(keys: RemoteJWKSet) -> str:
    with pytest.raises(KeySetUnavailable) as unavailable:
        await keys.refresh()
    return str(unavailable.value)


@pytest.mark.parametrize(
    ("issuer", "suffixed", "inserted"),
    [
        (
            "https://issuer.example",
            "https://issuer.example/.well-known/openid-configuration",
            "https://issuer.example/.well-known/oauth-authorization-server",
        ),
        (
            "https://issuer.example/",
            "https://issuer.example/.well-known/openid-configuration",
            "https://issuer.example/.well-known/oauth-authorization-server",
        ),
        (
            ISSUER,
            "https://issuer.example/realms/one/.well-known/openid-configuration",
            "https://issuer.example/.well-known/oauth-authorization-server/realms/one",
        ),
        (
            "https://issuer.example:8443/one/",
            "https://issuer.example:8443/one/.well-known/openid-configuration",
            "https://issuer.example:8443/.well-known/oauth-authorization-server/one",
        ),
    ],
    ids=["without a path", "with a slash", "with a path", "with a port"],
)
async def test_the_metadata_has_two_well_known_places(
    issuer: str, suffixed: str, inserted: str
) -> None:
    """F12: OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3.1."""
    assert metadata_urls(issuer) == (suffixed, inserted)


@pytest.mark.parametrize("form", ["openid-configuration", "oauth-authorization-server"])
@pytest.mark.parametrize("path", ["/", "", "/realms/one", "/realms/one/"])
async def test_keys_are_found_by_either_form(form: str, path: str) -> None:
    """F12."""
    issuer = MockIssuer(
        issuer=f"https://issuer.example{path}", algorithm="ES256", well_known=[form]
    )
    keys = discovering(issuer)
    await find(keys, issuer)
    for _ in range(2):
        await anyio.sleep(601)
        await find(keys, issuer)
    # Where the document was found is asked first, and its ETag holds.
    assert issuer.discovery.count == 3
    assert "if-none-match" in issuer.discovery.requests[-1].headers


@pytest.mark.parametrize(
    "other",
    [
        f"{ISSUER}/",
        "http://issuer.example/realms/one",
        "https://ISSUER.example/realms/one",
        "https://issuer.example/realms/two",
        "",
        None,
        ["https://issuer.example/realms/one"],
        pytest.param("x" * 100_000, id="100,000 characters"),
    ],
)
async def test_the_metadata_of_another_issuer_is_not_used(other: object) -> None:
    """F12: RFC 8414, section 3.3: identical, to the last character."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    issuer.discovery.document({**issuer.metadata(), "issuer": other})
    failure = await failure_of(discovering(issuer))
    assert "the metadata of another issuer" in failure
    assert len(failure) < 1000
    assert issuer.jwks.count == 0


@pytest.mark.parametrize(
    ("jwks_uri", "why"),
    [
        ("http://issuer.example/keys", "may not be fetched from"),
        ("http://127.0.0.1/keys", "not https"),
        ("http://localhost/keys", "not https"),
        ("file:///etc/keys", "may not be fetched from"),
        ("/keys", "may not be fetched from"),
        ("https://user:password@issuer.example/keys", "may not be fetched from"),
        ("https://issuer.example/keys\r\nx: y", "may not be fetched from"),
        ("", "may not be fetched from"),
        (None, "names no jwks_uri"),
        (["https://issuer.example/keys"], "names no jwks_uri"),
    ],
)
async def test_a_jwks_uri_that_is_not_https_is_refused(jwks_uri: object, why: str) -> None:
    """F12."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    issuer.discovery.document({**issuer.metadata(), "jwks_uri": jwks_uri})
    assert why in await failure_of(discovering(issuer))
    assert issuer.jwks.count == 0


BROKEN: list[Callable[[MockIssuer], None]] = [
    lambda issuer: issuer.discovery.fail(500),
    lambda issuer: issuer.discovery.garbage(),
    lambda issuer: issuer.discovery.document([]),
    lambda issuer: issuer.discovery.document(b'{"issuer": "a", "issuer": "b"}'),
    lambda issuer: issuer.discovery.redirect(),
    lambda issuer: issuer.discovery.hang(),
]


@pytest.mark.parametrize("break_it", BROKEN)
async def test_a_failed_discovery_is_retried_by_the_same_backoff(
    break_it: Callable[[MockIssuer], None],
) -> None:
    """F12: it is not remembered for ever, and not repeated for every request."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    keys = discovering(issuer)
    break_it(issuer)
    await failure_of(keys)
    asked = issuer.discovery.count
    for _ in range(10):
        with pytest.raises(KeySetUnavailable):
            await keys.find("any", "ES256", lambda: None)
    assert issuer.discovery.count == asked
    issuer.discovery.recover()
    await anyio.sleep(1.3)
    await find(keys, issuer)


async def test_a_metadata_endpoint_that_asks_for_patience_is_given_it() -> None:
    """F11, F12."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    issuer.discovery.fail(429, retry_after=100)
    keys = discovering(issuer)
    await failure_of(keys)
    assert keys.health().next_refresh_in == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("old_place", ["fail", "hang"])
async def test_a_changed_jwks_uri_is_picked_up(old_place: str) -> None:
    """F12: soon after the old one fails, whether by an error or by silence."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    moved = False

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        if moved and url == issuer.jwks_uri:
            if old_place == "hang":
                await anyio.sleep_forever()
            return FetchResponse(410, {}, b"")
        async with issuer.http_client() as client:
            response = await client.get(url.replace("/moved/", "/.well-known/"))
        return FetchResponse(response.status_code, response.headers, response.content)

    keys = RemoteJWKSet(issuer=ISSUER, fetch=fetch, clock=anyio.current_time)
    await keys.refresh()
    moved = True
    new_place = issuer.jwks_uri.replace("/.well-known/", "/moved/")
    issuer.discovery.document({**issuer.metadata(), "jwks_uri": new_place})
    await anyio.sleep(10)
    with pytest.raises(InvalidToken):
        await keys.find("not at the old place", "ES256", lambda: None)
    assert keys.health().failures == 1
    await anyio.sleep(10)
    await keys.warm()
    assert keys.health().failures == 0


async def test_known_metadata_serves_while_its_endpoint_hangs() -> None:
    """F12, F6: keys go on being refreshed, and discovery takes no more than max_wait of it."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    keys = discovering(issuer)
    await keys.refresh()
    issuer.discovery.hang()
    await anyio.sleep(700)
    start = anyio.current_time()
    await keys.warm()
    assert anyio.current_time() - start == pytest.approx(1, abs=0.1)
    await anyio.sleep(0.1)
    assert issuer.jwks.count == 2
    await keys.aclose()


# An explicit refresh, after the issuer has moved.


class Moving:
    """An issuer whose keys move to another URL, and somebody else at the old one."""

    def __init__(self) -> None:
        self.issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
        self.thief = MockIssuer(issuer=ISSUER, algorithm="ES256")
        self.asked: list[str] = []
        self.has_moved = False
        self.new_place = f"{ISSUER}/moved"
        self.keys = RemoteJWKSet(
            issuer=ISSUER, fetch=self.fetch, listener=lambda event: None, clock=anyio.current_time
        )

    def move(self) -> None:
        self.has_moved = True
        metadata = {**self.issuer.metadata(), "jwks_uri": self.new_place}
        self.issuer.discovery.document(metadata)
        self.asked.clear()

    async def fetch(self, url: str, headers: Mapping[str, str]) -> FetchResponse:
        self.asked.append(url)
        stolen = self.has_moved and url == self.issuer.jwks_uri
        at = self.issuer.jwks_uri if url == self.new_place else url
        async with (self.thief if stolen else self.issuer).http_client() as client:
            response = await client.get(at, headers=dict(headers))
        return FetchResponse(response.status_code, response.headers, response.content)

    async def is_accepted(self, issuer: MockIssuer) -> bool:
        try:
            await self.keys.find(issuer.signing_key.kid, "ES256", lambda: None)
        except InvalidToken:
            return False
        return True


async def test_a_refresh_asks_the_issuer_where_its_keys_are_now() -> None:
    """F16, F12: nothing is asked at the old place, and no cache on the way answers."""
    moving = Moving()
    await moving.keys.refresh()
    assert await moving.is_accepted(moving.issuer)
    moving.move()
    await moving.keys.refresh()
    assert moving.asked == [metadata_urls(ISSUER)[0], moving.new_place]
    assert moving.issuer.discovery.requests[-1].headers["cache-control"] == "no-cache"
    assert await moving.is_accepted(moving.issuer)
    await anyio.sleep(60)
    assert not await moving.is_accepted(moving.thief)
    assert moving.issuer.jwks_uri not in moving.asked


async def test_a_refresh_fails_if_the_issuer_cannot_say_where_its_keys_are() -> None:
    """F16, F22: the old place is not asked; the keys at hand serve on."""
    moving = Moving()
    await moving.keys.refresh()
    moving.move()
    moving.issuer.discovery.fail(500)
    assert "openid-configuration: HTTP status 500" in await failure_of(moving.keys)
    assert moving.asked == list(metadata_urls(ISSUER))
    assert await moving.is_accepted(moving.issuer)
    moving.move()
    await moving.keys.refresh()
    assert moving.asked == [metadata_urls(ISSUER)[0], moving.new_place]


async def test_a_refresh_joins_no_older_fetch_of_the_metadata() -> None:
    """F16: one that began before the issuer moved says where the keys were."""
    moving = Moving()
    moving.issuer.discovery.delay(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(moving.keys.warm)
        await anyio.sleep(0.5)
        moving.move()
        await moving.keys.refresh()
        assert moving.asked[-2:] == [metadata_urls(ISSUER)[0], moving.new_place]
        assert not await moving.is_accepted(moving.thief)


async def test_discovery_is_within_the_one_deadline() -> None:
    """F9, F12."""
    issuer = MockIssuer(issuer=ISSUER, algorithm="ES256")
    issuer.discovery.delay(3)
    issuer.jwks.delay(3)
    start = anyio.current_time()
    assert "within 5 s" in await failure_of(discovering(issuer))
    assert anyio.current_time() - start == pytest.approx(5, abs=0.1)


async def test_an_issuer_on_loopback_may_name_keys_on_loopback() -> None:
    """For development."""
    issuer = MockIssuer(issuer="http://127.0.0.1:9/", algorithm="ES256")
    await find(discovering(issuer), issuer)


@pytest.mark.parametrize("issuer", ["http://issuer.example/", "issuer.example", ""])
async def test_keys_are_not_discovered_on_the_word_of_an_insecure_url(issuer: str) -> None:
    """F12, F14."""
    with pytest.raises(ConfigurationError, match="issuer must be a"):
        RemoteJWKSet(issuer=issuer)


async def test_an_issuer_with_a_query_cannot_be_discovered() -> None:
    """F14: RFC 8414, section 2."""
    with pytest.raises(ConfigurationError, match="Write jwks_uri="):
        RemoteJWKSet(issuer="https://issuer.example/?tenant=1")


async def test_a_reason_that_both_documents_share_is_told_once() -> None:
    """F12, F22: a line of the log is read at once."""

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        raise OSError("Name or service not known")

    with pytest.raises(FetchFailed) as failed:
        await Metadata(ISSUER, DocumentRequest(fetch=fetch)).load(None, attempts=1)
    url = metadata_urls(ISSUER)[0]
    assert str(failed.value) == f"{url}: OSError: Name or service not known"


async def test_both_failures_are_told() -> None:
    """F12, F22: each with its URL."""

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        return FetchResponse(404 if "openid" in url else 403, {}, b"")

    with pytest.raises(
        FetchFailed, match=r"openid-configuration: HTTP status 404; https:.*/one: HTTP status 403"
    ):
        await Metadata(ISSUER, DocumentRequest(fetch=fetch)).load(None, attempts=1)
