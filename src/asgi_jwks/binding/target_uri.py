"""Target URIs in their normal form, for the comparison of `htu` with a request.

RFC 9449, section 4.3 compares after the normalisation of RFC 3986, section 6.2, without
query and fragment. A URI that two readers could read differently has no normal form here.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address, ip_address
from typing import Final

from asgi_jwks.errors import ConfigurationError

__all__ = ["LONGEST_PATH", "PublicOrigin", "TargetURIError", "normal_path", "normal_target_uri"]


class TargetURIError(ValueError):
    """The text is not an absolute http or https URI.

    The message is a fixed phrase.
    """


# A proof of 4 KiB has room for some 2,500 bytes of `htu`: a longer path has no proof. Servers
# allow 64 KiB and more.
LONGEST_PATH: Final = 4096

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# RFC 3986, section 3, as far as it is taken here: no userinfo, a host in ASCII without
# percent-encoding, a port of digits. `\` is not among the characters of a URI: browsers read it as
# a slash, and others do not.
_URI: Final = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=-]+)"
    r"(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^?#]*)?(?:[?#][^\x00-\x20\x7F]*)?"
)

# Hot path (benchmark case `dpop`): a path of these characters is its own normal form, unless one of
# its segments begins with a dot.
_PLAIN_PATH: Final = re.compile(r"(?:/(?!\.)|[A-Za-z0-9._~!$&'()*+,;=:@-])*+")
_REFUSED: Final = re.compile(r"[\x00-\x20\x7F\\]|%(?![0-9A-Fa-f]{2})")
# RFC 3986, section 3.3: whatever may not stand in a path. Clients differ in which of these they
# escape.
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:@/%-]+")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

# The escape of each octet, and by two hexadecimal digits the normal form of the escape of them:
# tables, since whoever is refused chooses the path, and a function call for each escape of it costs
# more than a signature (requirement W1).
_ESCAPES: Final = tuple(f"%{octet:02X}" for octet in range(256))
_DIGITS: Final = "0123456789ABCDEFabcdef"
_NORMAL_ESCAPES: Final = {
    high + low: octet
    if (octet := chr(int(high + low, 16))) in _UNRESERVED
    else f"%{high}{low}".upper()
    for high in _DIGITS
    for low in _DIGITS
}


def normal_target_uri(uri: str) -> str:
    """The normal form of an absolute http or https URI, without query and fragment.

    Scheme and host are in lower case, a default port is left out, an empty path is "/", percent
    escapes are in capitals and those of unreserved characters decoded, dot segments are removed.
    The case of the path, `%2F`, parameters, empty segments and a last slash count.

    Raises TargetURIError for another scheme, userinfo, a host that is not in ASCII, control
    characters, spaces, backslashes and percent signs that begin no escape.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise TargetURIError("not an absolute http or https URI")
    scheme, host, port, path = match.groups()
    host = host.lower()
    if host.startswith("["):
        _check_ipv6(host)
    return _origin(scheme.lower(), host, port) + normal_path(path or "/")


def normal_path(path: str) -> str:
    """The normal form of an absolute path; see `normal_target_uri`.

    Raises TargetURIError.
    """
    if not path.startswith("/"):
        raise TargetURIError("the path is not absolute")
    if len(path) > LONGEST_PATH:
        raise TargetURIError("the path is too long")
    if _PLAIN_PATH.fullmatch(path):
        return path
    if _REFUSED.search(path):
        raise TargetURIError("the path is not that of a URI")
    try:
        # RFC 3987, section 3.1: such a character stands for the escapes of its UTF-8.
        path = _FOREIGN.sub(lambda found: _escaped(found[0].encode()), path)
    except UnicodeEncodeError:
        raise TargetURIError("a surrogate in the path") from None
    return _without_dot_segments(_with_normal_escapes(path))


def _origin(scheme: str, host: str, port: str | None) -> str:
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    if number > 0xFFFF:
        raise TargetURIError("the port is out of range")
    if number == _DEFAULT_PORTS[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{number}"


def _check_ipv6(host: str) -> None:
    try:
        IPv6Address(host[1:-1])
    except AddressValueError:
        raise TargetURIError("the host is not an IPv6 address") from None


def _escaped(octets: bytes) -> str:
    return "".join([_ESCAPES[octet] for octet in octets])


def _with_normal_escapes(path: str) -> str:
    """A path in which each percent sign begins an escape."""
    before, *escaped = path.split("%")
    return before + "".join([_NORMAL_ESCAPES[text[:2]] + text[2:] for text in escaped])


def _without_dot_segments(path: str) -> str:
    """RFC 3986, section 5.2.4, for a path that begins with a slash."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            # Of a path that climbs above its root, the root is left.
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


@dataclass(frozen=True, slots=True)
class PublicOrigin:
    """The public address of an API: scheme, host, port, and a prefix of paths.

    Args:
        text: such as "https://api.example.com", or "https://example.com/api" where the API is
            mounted below a path; without query and fragment.

    Raises:
        ConfigurationError: it is not such an address.
    """

    text: str
    """In its normal form, without a slash at its end."""

    def __post_init__(self) -> None:
        text: object = self.text
        fault = "it is not a string"
        if isinstance(text, str):
            try:
                normal = normal_target_uri(text)
                fault = "it has a query or a fragment" if "?" in text or "#" in text else ""
            except TargetURIError as error:
                fault = str(error)
        if fault:
            raise ConfigurationError(
                f"public_origin must be the address by which clients reach this API; got {text!r}: "
                f'{fault}. Write for example public_origin="https://api.example.com".'
            )
        object.__setattr__(self, "text", normal.rstrip("/"))

    @property
    def is_in_the_clear(self) -> bool:
        """Whether it is reached by http, and not on this machine alone."""
        if not self.text.startswith("http://"):
            return False
        authority = self.text.split("/")[2]
        host = authority[1:].partition("]")[0] if authority[:1] == "[" else authority.split(":")[0]
        try:
            return not ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"

    def target(self, path: bytes) -> str:
        """The normal target URI of a request for this path, which is below the prefix.

        Args:
            path: as it was sent, still encoded; a query is ignored. It is empty for the prefix
                itself.

        Raises TargetURIError: it is not an absolute path.
        """
        text = path.partition(b"?")[0].decode("latin-1")
        if len(text) > LONGEST_PATH:
            raise TargetURIError("the path is too long")
        if not text:
            return normal_target_uri(self.text)
        if not text.isascii():
            # Escaped as they are, whatever they were meant to be.
            text = _FOREIGN.sub(lambda found: _escaped(found[0].encode("latin-1")), text)
        return self.text + normal_path(text)
