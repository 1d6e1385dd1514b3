"""From an issuer, a URL or a file to its JWK Set document.

Discovery and requests are those of the package; the choice between them is made here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from asgi_jwks.cli.output import CannotTell
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import LARGEST_DOCUMENT
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchFailed, FetchResponse
from asgi_jwks.fetching.secure_url import require_secure_url
from asgi_jwks.keys.discovery import Metadata

__all__ = ["KeyDocument", "fetched_document", "file_document"]

# The last part of a path that is a JWK Set and not an issuer, with most providers.
_ENDINGS: Final = (".json", "/keys", "/certs", "/jwks", "/jwk")
_WELL_KNOWN: Final = "/.well-known/"
_METADATA: Final = ("openid-configuration", "oauth-authorization-server")


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A document, where it was found, and the response that it came in."""

    source: str
    response: FetchResponse


def file_document(path: Path) -> KeyDocument:
    """The document in a file.

    Raises:
        CannotTell: the file is unreadable or too large.
    """
    try:
        with path.open("rb") as file:
            document = file.read(LARGEST_DOCUMENT + 1)
    except OSError as error:
        raise CannotTell(f"The file cannot be read: {error}") from error
    if len(document) > LARGEST_DOCUMENT:
        raise CannotTell(f"{path} is larger than {LARGEST_DOCUMENT} bytes.")
    return KeyDocument(str(path), FetchResponse(200, {}, document))


async def fetched_document(url: str, request: DocumentRequest) -> KeyDocument:
    """The JWK Set of an issuer, or of the URL itself.

    A URL that looks like that of a key set is asked first; any other is taken for an issuer first.

    Raises:
        FetchFailed: it is neither; the message has both reasons.
        ConfigurationError: keys may not be fetched from it.
    """
    url = _issuer_of_metadata(url)
    require_secure_url("issuer", url, allow_insecure_http=request.allow_insecure_http)
    ways = [_of_issuer, _at]
    path = urlsplit(url).path
    if _WELL_KNOWN in path or path.endswith(_ENDINGS):
        ways.reverse()
    failures = []
    for way in ways:
        try:
            return await way(url, request)
        except FetchFailed as failure:
            failures.append(f"{failure}")
    raise FetchFailed("; ".join(dict.fromkeys(failures)))


async def _of_issuer(url: str, request: DocumentRequest) -> KeyDocument:
    try:
        metadata = Metadata(url, request)
    except ConfigurationError as error:
        raise FetchFailed(f"{error}") from error
    loaded = await metadata.load(None, attempts=1)
    return await _at(loaded.value, request)


async def _at(url: str, request: DocumentRequest) -> KeyDocument:
    return KeyDocument(url, await request.get(url, attempts=2))


def _issuer_of_metadata(url: str) -> str:
    """The issuer whose metadata document has this URL; any other URL as it is."""
    base, well_known, document = url.partition(_WELL_KNOWN)
    name, _, path = document.partition("/")
    if not well_known or name not in _METADATA:
        return url
    if path:
        # The form of RFC 8414 has the issuer's path behind.
        return f"{base}/{path}"
    # An issuer without a path is written with a slash, by most providers.
    return f"{base}/" if base.count("/") == len("//") else base
