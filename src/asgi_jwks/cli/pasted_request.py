"""The head of an HTTP request, pasted from a log or from `curl -v`.

It reads text and nothing else: it does not know which fields count.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import click

from asgi_jwks.fetching.secure_url import is_loopback

__all__ = ["PastedRequest", "pasted_request"]

_LINE: Final = re.compile(r"([A-Za-z]{1,16}) (\S+)(?: HTTP/[0-9.]{1,3})?")
# RFC 9110, sections 5.1 and 5.5; a name of HTTP/2 begins with a colon.
_FIELD: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)")
# curl -v writes what it sent after `> `, and its own words after `* `.
_SENT: Final = re.compile(r"^> ?", re.MULTILINE)


@dataclass(frozen=True, slots=True, repr=False)
class PastedRequest:
    """A request, as far as it was pasted; its fields hold credentials.

    Attributes:
        method: its method.
        target: the path with its query, or the whole URL.
        fields: names in lower case, and values, each as often as it is there.
    """

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """The values of all fields of a name."""
        return [value for field, value in self.fields if field == name]

    @property
    def url(self) -> str:
        """The whole URL: of https, unless its Host is a loopback name."""
        hosts = self.values("host")
        if not self.target.startswith("/") or not hosts:
            return self.target
        try:
            host = urlsplit(f"//{hosts[0]}").hostname or ""
        except ValueError:
            host = ""
        return f"{'http' if is_loopback(host) else 'https'}://{hosts[0]}{self.target}"


def pasted_request(text: str) -> PastedRequest:
    """Read the head of a request: its first line and its fields.

    The first empty line ends it.

    Raises:
        UsageError: it is not one; no part of it is in the text of the error.
    """
    if _SENT.search(text):
        sent = [line for line in text.splitlines() if line.startswith(">")]
        text = "\n".join(_SENT.sub("", line) for line in sent)
    lines = iter(text.strip().splitlines())
    first = _LINE.fullmatch(next(lines, "").strip())
    if first is None:
        raise click.UsageError(
            "The request has no first line. Paste it with one, such as GET /messages HTTP/1.1, and "
            "its fields below, or as a browser copies it as cURL (bash)."
        )
    fields = []
    for number, line in enumerate(lines, 2):
        if not line.strip():
            break
        field = _FIELD.fullmatch(line.rstrip())
        if field is None:
            raise click.UsageError(f"Line {number} of the request is not a field, `Name: value`.")
        fields.append((field[1].lower(), field[2]))
    return PastedRequest(first[1], first[2], tuple(fields))
