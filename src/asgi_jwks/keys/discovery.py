"""From an issuer to its JWKS URL, by its metadata document.

The two well-known forms (OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3) and the
rules for the document (RFC 8414, section 3.3) are here; key sets are not known here.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from asgi_jwks._printable import printable
from asgi_jwks.caching.source import Loaded
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.request import HTTP_OK, DocumentRequest
from asgi_jwks.fetching.response import (
    FetchFailed,
    Representation,
    entity_tag,
    freshness_advice,
)
from asgi_jwks.fetching.secure_url import require_secure_url
from asgi_jwks.jose.encoding import EncodingError, json_object

__all__ = ["Metadata", "metadata_urls", "require_key_set_url"]


_DOCUMENTS: Final = ("/openid-configuration", "/oauth-authorization-server")


def require_key_set_url(url: str) -> None:
    """Refuse the URL of an issuer's metadata in the place of that of its keys.

    Raises:
        ConfigurationError: it is one.
    """
    if urlsplit(url).path.endswith(_DOCUMENTS):
        raise ConfigurationError(
            f"jwks_uri is the URL of the keys, not of the issuer's metadata; got {url!r}. Leave it "
            "out: the keys are discovered from issuer=."
        )


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where the issuer's metadata may be, in the order in which they are tried.

    For an issuer without a path the second form differs from the first in its last part only.
    """
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    origin = f"{parts.scheme}://{parts.netloc}"
    return (
        f"{origin}{path}/.well-known/openid-configuration",
        f"{origin}/.well-known/oauth-authorization-server{path}",
    )


class Metadata:
    """Fetches an issuer's metadata document and takes `jwks_uri` from it.

    Args:
        issuer: the issuer identifier.
        request: how documents are requested.

    Raises:
        ConfigurationError: keys may not be fetched on the word of this issuer's URL.
    """

    def __init__(self, issuer: str, request: DocumentRequest) -> None:
        insecure = request.allow_insecure_http
        require_secure_url("issuer", issuer, allow_insecure_http=insecure)
        if "?" in issuer:
            # RFC 8414, section 2; there would be no telling where the well-known part goes.
            raise ConfigurationError(
                f"issuer must be a URL without a query to be discovered; got {issuer!r}. "
                "Write jwks_uri=... for this issuer."
            )
        self._issuer: Final = issuer
        self._request: Final = request
        self.url = metadata_urls(issuer)[0]
        """The URL that was asked last."""

    async def load(
        self, previous: Loaded[str] | None, /, *, attempts: int, revalidate: bool = False
    ) -> Loaded[str]:
        """Fetch the document and return the issuer's `jwks_uri`.

        Raises:
            FetchFailed: neither well-known form has a document of this issuer.
        """
        before = None if previous is None else previous.representation
        known = before if isinstance(before, Representation) else None
        failures: dict[str, FetchFailed] = {}
        urls = metadata_urls(self._issuer)
        if known is not None and known.url == urls[-1]:
            # Where it was found last time is asked first.
            urls = urls[::-1]
        for url in urls:
            same = known if known is not None and known.url == url else None
            try:
                return await self._load_from(url, same, attempts=attempts, revalidate=revalidate)
            except FetchFailed as failure:
                failures[url] = failure
        waits = [f.asked_to_wait for f in failures.values() if f.asked_to_wait is not None]
        raise FetchFailed(_reasons(failures), asked_to_wait=max(waits, default=None)) from next(
            iter(failures.values())
        )

    async def _load_from(
        self, url: str, known: Representation | None, *, attempts: int, revalidate: bool
    ) -> Loaded[str]:
        self.url = url
        etag = None if known is None else known.etag
        response = await self._request.get(url, etag=etag, attempts=attempts, revalidate=revalidate)
        document, tag = response.body, entity_tag(response)
        if known is not None and response.status != HTTP_OK:
            document, tag = known.document, tag or etag
        return Loaded(
            self._jwks_uri(url, document),
            freshness_advice(response),
            Representation(url, document, tag),
        )

    def _jwks_uri(self, url: str, document: bytes) -> str:
        try:
            metadata = json_object(document)
        except EncodingError as error:
            raise FetchFailed(f"{url}: {error}") from None
        # RFC 8414, section 3.3: identical, or the document must not be used. Whoever can answer
        # for another issuer must not be able to name the keys of this one.
        if metadata.get("issuer") != self._issuer:
            raise FetchFailed(
                f"{url} is the metadata of another issuer: its `issuer` is "
                f"'{printable(str(metadata.get('issuer')))}', configured is '{self._issuer}'; they "
                "must be equal to the last character"
            )
        jwks_uri = metadata.get("jwks_uri")
        if not isinstance(jwks_uri, str):
            raise FetchFailed(f"{url} names no jwks_uri")
        try:
            require_secure_url(
                "jwks_uri", jwks_uri, allow_insecure_http=self._request.allow_insecure_http
            )
        except ConfigurationError as error:
            raise FetchFailed(
                f"{url} names a jwks_uri that keys may not be fetched from: '{printable(jwks_uri)}'"
            ) from error
        # A document that came over TLS must not lead to one that does not, not even on loopback.
        secure = urlsplit(self._issuer).scheme == "https"
        if secure and urlsplit(jwks_uri).scheme != "https":
            raise FetchFailed(f"{url} names a jwks_uri that is not https: '{printable(jwks_uri)}'")
        return jwks_uri


def _reasons(failures: Mapping[str, FetchFailed]) -> str:
    """Why there is no document at these URLs.

    A reason that they share is given once.
    """
    reasons = {url: str(failure).removeprefix(url) for url, failure in failures.items()}
    first = next(iter(reasons))
    if len(set(reasons.values())) == 1:
        return f"{first}{reasons[first]}"
    return "; ".join(f"{url}{reason}" for url, reason in reasons.items())
