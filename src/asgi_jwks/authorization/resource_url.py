"""The URLs that metadata and challenges name (RFC 9728, sections 1.2 and 5.1).

They are written by the application's authors, and given to clients as they are.
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from asgi_jwks.errors import ConfigurationError

__all__ = [
    "EXAMPLE",
    "require_issuer_url",
    "require_metadata_url",
    "require_page",
    "require_resource",
]

EXAMPLE: Final = "https://api.example.com/mcp"
_METADATA: Final = "https://api.example.com/.well-known/oauth-protected-resource"

_PAGE: Final = "https://example.com/docs"
_ISSUERS: Final = ["https://example.eu.auth0.com/"]

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

# RFC 3986, section 2.1.
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")

_HTTP: Final = "http is for loopback alone"


def require_resource(resource: object) -> str:
    """A URL that clients know a resource by, and write in one way.

    Raises:
        ConfigurationError: it is another one; the message says why.
    """
    parts, fault = _read(resource)
    fault = fault or (_HTTP if _is_plain(parts) else None) or _fault_of_identifier(parts)
    if isinstance(resource, str) and fault is None:
        if resource.startswith(f"{parts.scheme}://"):
            return resource
        fault = "its scheme is in lower case"
    raise ConfigurationError(
        "resource must be the URL that clients know this API by, such as "
        f"resource={EXAMPLE!r}; {fault}: got {resource!r}."
    )


def require_metadata_url(url: object) -> str:
    """The URL at which something else serves the metadata of a resource.

    Raises:
        ConfigurationError: clients could not ask for it; the message says why.
    """
    parts, fault = _read(url)
    fault = fault or (_HTTP if _is_plain(parts) else None)
    if isinstance(url, str) and fault is None:
        return url
    raise ConfigurationError(
        "resource_metadata must be the absolute URL of a document, such as "
        f"resource_metadata={_METADATA!r}; {fault}: got {url!r}."
    )


def require_issuer_url(url: str) -> str:
    """The issuer identifier of an authorization server (RFC 8414, section 2).

    Whether plain http will do is told where the issuer is trusted.

    Raises:
        ConfigurationError: clients could not ask it for metadata.
    """
    _, fault = _read(url)
    if fault is None and "?" in url:
        fault = "it has no query"
    if fault is None:
        return url
    raise ConfigurationError(
        f"issuers must be URLs of authorization servers; {fault}: got {url!r}. Write for example "
        f"issuers={_ISSUERS!r}."
    )


def require_page(option: str, url: object) -> str:
    """The URL of a page for people, by https or http.

    Raises:
        ConfigurationError: it is not one.
    """
    _, fault = _read(url, may_have_fragment=True)
    if isinstance(url, str) and fault is None:
        return url
    raise ConfigurationError(
        f"{option} must be the URL of a page; {fault}: got {url!r}. Write for example "
        f"{option}={_PAGE!r}."
    )


_NOTHING: Final = urlsplit("")


def _read(url: object, *, may_have_fragment: bool = False) -> tuple[SplitResult, str | None]:
    """The parts of an absolute URL, and the rule that it breaks as one."""
    if not isinstance(url, str):
        return _NOTHING, "it is a string"
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' "\\<>^`{|}'):
        return _NOTHING, "it has ASCII characters of URLs only"
    if _BROKEN_ESCAPE.search(url):
        return _NOTHING, "a percent sign is followed by two hexadecimal digits"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return _NOTHING, "it is not a URL"
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return parts, "it begins with https://"
    if "#" in url and not may_have_fragment:
        return parts, "it has no fragment"
    if "@" in parts.netloc:
        return parts, "it has no user name"
    return parts, None


def _is_plain(parts: SplitResult) -> bool:
    """Whether it is asked for in the clear, across a network."""
    return parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _fault_of_identifier(parts: SplitResult) -> str | None:
    """The rule that a URL breaks as an identifier, which is compared byte for byte."""
    # Clients write these in their own way before they compare (RFC 3986, section 6.2).
    host, port = parts.netloc, parts.port
    if host != host.lower() or host.endswith(":") or port == _DEFAULT_PORTS[parts.scheme]:
        return "its host is in lower case and without the default port"
    segments = unquote(parts.path).split("/")
    if "" in segments[1:-1] or not {".", ".."}.isdisjoint(segments):
        return "its path has no empty and no dot segments"
    return None
