"""The requests of the doctor: few, bounded, and without anybody's token.

A request that comes to nothing is a value too, so that one silence does not hide the rest.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
from anyio.abc import AsyncResource
from anyio.streams.tls import TLSAttribute, TLSStream

from asgi_jwks._printable import printable
from asgi_jwks._version import __version__
from asgi_jwks.errors import TemporarilyUnavailable
from asgi_jwks.fetching.client import HTTP_OK, Fetch, default_fetch
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.fetching.secure_url import is_loopback
from asgi_jwks.jose.encoding import EncodingError, json_object

__all__ = ["Answer", "Probe", "Secured"]

# Those of one examination are about a dozen; more would be a mistake of ours.
_MOST_REQUESTS: Final = 24
_LONGEST: Final = 300
# A host that hangs up while TLS begins is told by anyio in its own words.
_NOT_CONNECTED: Final = (OSError, TimeoutError, anyio.BrokenResourceError, anyio.EndOfStream)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a URL, or the reason why there is none.

    Attributes:
        url: the URL that was asked.
        response: the response; None where there is none.
        failure: why there is none, in words.
        asked_at: when it was asked, in seconds since the epoch.
        answered_at: when the answer was there.
        seconds: how long that took, by a clock that nobody sets.
    """

    url: str
    response: FetchResponse | None
    failure: str
    asked_at: float
    answered_at: float
    seconds: float

    @property
    def status(self) -> int | None:
        """The status of the response, if there is one."""
        return None if self.response is None else self.response.status

    def field(self, name: str) -> str | None:
        """A field of the response, by its name in lower case."""
        return None if self.response is None else self.response.header(name)

    def document(self) -> Mapping[str, Any] | None:
        """The JSON object of the response; None if it is not one, or not there."""
        if self.response is None or self.status != HTTP_OK:
            return None
        try:
            return json_object(self.response.body)
        except EncodingError:
            return None

    def words(self) -> str:
        """The answer in a few words."""
        if self.status is None:
            return self.failure
        target = self.field("location")
        led = "" if target is None else f", a redirect to '{printable(target, longest=_LONGEST)}'"
        return f"{self.status}{led}"


@dataclass(frozen=True, slots=True)
class Secured:
    """The TLS connection of a host.

    Attributes:
        version: such as TLSv1.3.
        ends_at: when its certificate ends, in seconds since the epoch.
    """

    version: str
    ends_at: float


class Probe:
    """Asks URLs.

    Args:
        timeout: seconds for each request.
        fetch: one exchange; httpx with its defaults unless given.
        context: for looking at TLS; the system's trust unless given.
        clock: seconds since the epoch.
        timer: seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        *,
        timeout: float,
        fetch: Fetch | None = None,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.timeout: Final = timeout
        self.fetch: Final = default_fetch() if fetch is None else fetch
        self._context: Final = context
        self.clock: Final = clock
        self._timer: Final = timer
        self._left = _MOST_REQUESTS

    async def get(self, url: str, fields: Mapping[str, str] | None = None) -> Answer:
        """GET a URL, once; redirects are not followed."""
        headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": f"asgi-jwks-doctor/{__version__}",
            **(fields or {}),
        }
        asked_at, began = self.clock(), self._timer()
        response, failure = None, ""
        self._left -= 1
        if self._left < 0:
            failure = "too many requests were made"
        else:
            try:
                with anyio.fail_after(self.timeout):
                    response = await self.fetch(url, headers)
            except TimeoutError:
                failure = f"no answer within {self.timeout:g} s"
            except TemporarilyUnavailable as error:
                failure = f"{error}"
            # Clients raise errors of many kinds; each of them is an answer that did not come.
            except Exception as error:
                failure = printable(f"{type(error).__name__}: {error}", longest=_LONGEST)
        return Answer(url, response, failure, asked_at, self.clock(), self._timer() - began)

    async def connect(self, url: str) -> float | None:
        """The seconds that a connection takes, with TLS; None where there is none."""
        parts = urlsplit(url)
        if _is_behind_proxy(parts):
            return None
        host = parts.hostname or ""
        context = self._tls_context() if parts.scheme == "https" else None
        began = self._timer()
        stream: AsyncResource
        try:
            with anyio.fail_after(self.timeout):
                if context is None:
                    stream = await anyio.connect_tcp(host, parts.port or 80)
                else:
                    stream = await _connect_tls(host, parts.port or 443, context)
                took = self._timer() - began
                await stream.aclose()
        except _NOT_CONNECTED:
            return None
        return took

    async def tls(self, url: str) -> Secured | str:
        """Look at the TLS connection of a host; a sentence where that cannot be done."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        if _is_behind_proxy(parts):
            return "a proxy stands between"
        context = self._tls_context()
        try:
            with anyio.fail_after(self.timeout):
                async with await _connect_tls(host, port, context) as stream:
                    attributes = stream.extra_attributes
                    version: str = attributes[TLSAttribute.tls_version]()
                    certificate: Any = attributes[TLSAttribute.peer_certificate]()
        except _NOT_CONNECTED as error:
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            return printable(text, longest=_LONGEST)
        return Secured(version, ssl.cert_time_to_seconds(certificate["notAfter"]))

    def _tls_context(self) -> ssl.SSLContext:
        return ssl.create_default_context() if self._context is None else self._context


async def _connect_tls(host: str, port: int, context: ssl.SSLContext) -> TLSStream:
    # Many servers close a connection without TLS's own farewell, which is not waited for.
    return await anyio.connect_tcp(
        host, port, tls=True, ssl_context=context, tls_standard_compatible=False
    )


def _is_behind_proxy(url: SplitResult) -> bool:
    host = url.hostname or ""
    return not is_loopback(host) and url.scheme in getproxies() and not proxy_bypass(host)
