"""The form of a resource's identifier (RFC 9728, section 1.2)."""

from typing import Final
from urllib.parse import unquote, urlsplit

from asgi_jwks.errors import ConfigurationError

__all__ = ["EXAMPLE", "require_resource"]

EXAMPLE: Final = "https://api.example.com/mcp"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def require_resource(resource: object) -> str:
    """A URL that clients know a resource by, and write in one way.

    Raises:
        ConfigurationError: it is another one; the message says why.
    """
    fault = _fault(resource) if isinstance(resource, str) else "it is a string"
    if isinstance(resource, str) and fault is None:
        return resource
    raise ConfigurationError(
        "resource must be the URL that clients know this API by, such as "
        f"resource={EXAMPLE!r}; {fault}: got {resource!r}."
    )


def _fault(url: str) -> str | None:
    """The rule that a URL breaks as an identifier (RFC 9728, section 1.2)."""
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' "\\<>^`{|}'):
        return "it has ASCII characters of URLs only"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is not a URL"
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return "it begins with https://"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "http is for loopback alone"
    if "#" in url:
        return "it has no fragment"
    if "@" in parts.netloc:
        return "it has no user name"
    # Clients write these in their own way before they compare (RFC 3986, section 6.2).
    if parts.netloc != parts.netloc.lower() or port == _DEFAULT_PORTS[parts.scheme]:
        return "its host is in lower case and without the default port"
    if not url.startswith(f"{parts.scheme}://"):
        return "its scheme is in lower case"
    segments = unquote(parts.path).split("/")
    if "" in segments[1:-1] or not {".", ".."}.isdisjoint(segments):
        return "its path has no empty and no dot segments"
    return None
