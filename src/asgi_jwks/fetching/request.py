"""One GET of one JSON document, under limits.

The caller sets the deadline; size, statuses, redirects and retries are limited here.
"""

from collections.abc import Mapping
from typing import Final

import anyio

from asgi_jwks._options import require_callable, require_flag
from asgi_jwks._printable import printable
from asgi_jwks._version import __version__
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import (
    HTTP_NOT_MODIFIED,
    HTTP_OK,
    Fetch,
    bounded,
    client_fetch,
    default_fetch,
)
from asgi_jwks.fetching.response import FetchFailed, FetchResponse, retry_after

__all__ = ["HTTP_OK", "DocumentRequest"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# The text of a client's error, with some of the answer in it. Those of TLS and DNS are shorter.
_LONGEST_TEXT: Final = 300

# A second attempt may succeed after these. Any other status is the endpoint's considered answer.
PASSING_STATUSES: Final = frozenset({502, 503, 504})
RETRY_PAUSE: Final = 0.1
# The statuses whose Retry-After lengthens the backoff.
PATIENT_STATUSES: Final = frozenset({429, 503})


class DocumentRequest:
    """Requests one kind of document: `await request.get(url)`.

    Args:
        http_client: an async client, or a transport of httpx; None makes a client per exchange.
        fetch: an async callable used instead of any client.
        allow_insecure_http: accept http:// for hosts other than loopback.

    Raises:
        ConfigurationError: `http_client` is not an async client, or both are given.
    """

    def __init__(
        self,
        *,
        http_client: object = None,
        fetch: Fetch | None = None,
        allow_insecure_http: bool = False,
    ) -> None:
        if http_client is not None and fetch is not None:
            raise ConfigurationError("Give either http_client or fetch, not both.")
        if fetch is not None:
            require_callable("fetch", fetch, form="await fetch(url, headers)")
        if fetch is None:
            fetch = default_fetch() if http_client is None else client_fetch(http_client)
        self._fetch: Final[Fetch] = fetch
        self.allow_insecure_http: Final = require_flag("allow_insecure_http", allow_insecure_http)

    async def get(
        self, url: str, *, etag: str | None = None, attempts: int = 2, revalidate: bool = False
    ) -> FetchResponse:
        """GET `url`; the status is 200, or 304 if `etag` was given and still holds.

        A second attempt is made for a connection error and for 502, 503 and 504, unless the
        endpoint asked for a pause. A 304 that names another representation than the request did
        confirms nothing (RFC 9111, section 4.3.4), and is followed by a request without a
        condition. The caller sets the deadline for all of it.

        Args:
            url: where the document is.
            etag: the entity tag of the document at hand, for a conditional request.
            attempts: how often the endpoint may be asked.
            revalidate: caches on the way must ask the endpoint (RFC 9111, section 5.2.1.4).

        Raises:
            FetchFailed: anything else came of it; the message names the URL.
        """
        headers = {
            "accept": "application/json, application/jwk-set+json",
            # 200 KB of gzip can be 400 MB of JSON: the limit is on the bytes that are sent.
            "accept-encoding": "identity",
            "user-agent": f"asgi-jwks/{__version__}",
        }
        if revalidate:
            headers["cache-control"] = "no-cache"
        if etag is not None:
            headers["if-none-match"] = etag
        while True:
            attempts -= 1
            try:
                response = await self._once(url, headers)
                if etag is None or _may_confirm(response, etag):
                    return _accepted(url, response, conditional=etag is not None)
                etag = None
                del headers["if-none-match"]
                continue
            except FetchFailed as failure:
                if attempts < 1 or not failure.passing or failure.asked_to_wait is not None:
                    raise
            await anyio.sleep(RETRY_PAUSE)

    async def _once(self, url: str, headers: Mapping[str, str]) -> FetchResponse:
        try:
            return bounded(await self._fetch(url, headers))
        except FetchFailed as failure:
            raise FetchFailed(
                f"{url}: {failure}", passing=failure.passing, asked_to_wait=failure.asked_to_wait
            ) from failure.__cause__
        # Clients and callables of others raise errors of any kind; here each is one thing, an
        # exchange that failed, and its cause stays chained to it.
        except Exception as error:
            raise FetchFailed(f"{url}: {_described(error)}", passing=True) from error


def _may_confirm(response: FetchResponse, etag: str) -> bool:
    """Whether a response is not a 304 about another representation than `etag` names."""
    named = response.header("etag")
    if response.status != HTTP_NOT_MODIFIED or named is None:
        return True
    # Weak comparison (RFC 9110, section 8.8.3.2): a cache on the way may have made the tag weak.
    return named.strip().removeprefix("W/") == etag.removeprefix("W/")


def _described(error: Exception) -> str:
    """The kind of an error, and its text or that of the error beneath."""
    beneath: BaseException | None = error
    # A BaseException beneath is a cancellation, by which a timeout came about.
    while isinstance(beneath, Exception):
        if text := str(beneath):
            # A client quotes whatever the endpoint sent, a line of 60 KB among it.
            return f"{type(error).__name__}: {printable(text, longest=_LONGEST_TEXT)}"
        beneath = beneath.__cause__ or beneath.__context__
    return type(error).__name__


def _accepted(url: str, response: FetchResponse, *, conditional: bool) -> FetchResponse:
    if response.status == HTTP_OK or (conditional and response.status == HTTP_NOT_MODIFIED):
        return response
    if response.status in REDIRECTS:
        target = printable(response.header("location") or "nowhere")
        raise FetchFailed(
            f"{url}: HTTP status {response.status}, a redirect to '{target}'; redirects are not "
            "followed: configure the final URL"
        )
    raise FetchFailed(
        f"{url}: HTTP status {response.status}",
        passing=response.status in PASSING_STATUSES,
        asked_to_wait=retry_after(response) if response.status in PATIENT_STATUSES else None,
    )
