"""Which URLs may be asked: https, and plain http only to loopback."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from asgi_jwks.errors import ConfigurationError

__all__ = ["is_loopback", "require_secure_url"]


def require_secure_url(name: str, url: str, *, allow_insecure_http: bool) -> None:
    """Raise ConfigurationError unless keys may be fetched from `url` (RFC 8725, section 3.10).

    `name` is the option that the URL was given as.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        # urlsplit drops line breaks; the URL that is fetched is to be the one that was looked at.
        legible = url.isprintable() and " " not in url
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError(f"{name} must be an absolute https URL; got {url!r}.") from None
    if not _HOST.fullmatch(host or "-"):
        raise ConfigurationError(
            f"{name} has a placeholder or a character that no host name has; got {url!r}. Write "
            f"for example {name}={_EXAMPLES.get(name, _EXAMPLE)!r}."
        )
    bare = not parts.fragment and "@" not in parts.netloc
    if parts.scheme not in {"https", "http"} or not host or not bare or not legible:
        raise ConfigurationError(
            f"{name} must be an absolute https URL without user or fragment; got {url!r}. "
            f"Write for example {name}={_EXAMPLES.get(name, _EXAMPLE)!r}."
        )
    if parts.scheme == "http" and not allow_insecure_http and not is_loopback(host):
        raise ConfigurationError(
            f"{name} must be an https URL, since whoever answers decides which tokens are valid; "
            f"got {url!r}. Plain http is accepted for loopback, and elsewhere only with "
            "allow_insecure_http=True."
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# Names of any language, addresses, and underscores, which some networks have.
_HOST = re.compile(r"[\w.\-]+|[0-9a-f:.]+(%[\w.\-]+)?", re.IGNORECASE)
_EXAMPLE = "https://example.eu.auth0.com/"
_EXAMPLES = {"jwks_uri": "https://example.eu.auth0.com/.well-known/jwks.json"}
