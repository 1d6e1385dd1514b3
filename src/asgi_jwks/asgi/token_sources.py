"""Where the token of a request is looked for (RFC 6750, section 2).

Query strings and bodies are not among the sources (RFC 9700, section 4.3.2): they end up in logs
and histories. The meaning of a token is not known here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from asgi_jwks.asgi.types import Scope
from asgi_jwks.errors import ConfigurationError, InvalidRequest, Reason

__all__ = [
    "MOST_COOKIES",
    "AuthorizationHeader",
    "BearerOrDPoPHeader",
    "Cookie",
    "TokenSource",
    "WebSocketSubprotocol",
    "find_token",
    "is_token68",
    "uses_dpop",
]

# RFC 9110, section 11.2; RFC 6750, section 2.1.
_TOKEN68: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
# Browsers keep up to 180 cookies of a site; RFC 6265, section 6.1 asks for 50.
MOST_COOKIES: Final = 512

# RFC 9110, section 5.6.2: a token, which the name of a scheme, a cookie or a subprotocol is.
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class TokenSource(Protocol):
    """A place in a request where a token may be.

    A source whose token the application could echo has a method `conceal(scope)` as well, which
    takes it away; it is called on every guarded WebSocket after the token was looked for.
    """

    def find(self, scope: Scope) -> bytes | None:
        """The content of this place, if there is any, whatever its form.

        Raises:
            InvalidRequest: there is more than one.
        """
        ...


@dataclass(frozen=True, slots=True)
class AuthorizationHeader:
    """The field `Authorization: Bearer TOKEN` (RFC 6750, section 2.1): the default."""

    def find(self, scope: Scope) -> bytes | None:
        """The token of the one Authorization field. Another scheme counts as no token."""
        value: bytes | None = None
        # ASGI has field names in lower case.
        for name, field_value in scope["headers"]:
            if name == b"authorization":
                if value is not None:
                    raise InvalidRequest(Reason.REPEATED_CREDENTIALS, "two Authorization fields")
                value = field_value
        return None if value is None else _credentials(value, b"bearer")


@dataclass(frozen=True, slots=True)
class BearerOrDPoPHeader:
    """The field `Authorization` with the scheme Bearer or DPoP (RFC 9449, section 7.1)."""

    def find(self, scope: Scope) -> bytes | None:
        """The token of the one Authorization field. Another scheme counts as no token."""
        # Hot path: the loop of AuthorizationHeader once more, in place of a call.
        value: bytes | None = None
        for name, field_value in scope["headers"]:
            if name == b"authorization":
                if value is not None:
                    raise InvalidRequest(Reason.REPEATED_CREDENTIALS, "two Authorization fields")
                value = field_value
        if value is None:
            return None
        token = _credentials(value, b"bearer")
        return _credentials(value, b"dpop") if token is None else token


def uses_dpop(scope: Scope) -> bool:
    """Whether the token of a request comes by the scheme DPoP."""
    # Hot path (benchmark case `proofs`): a loop, since a generator costs several times as much.
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:5].lower() == b"dpop ":
            return True
    return False


def _credentials(value: bytes, wanted: bytes) -> bytes | None:
    """The credentials of one scheme, in the value of an Authorization field."""
    scheme, space, credentials = value.partition(b" ")
    # RFC 9110, section 11.1: without case.
    if scheme.lower() == wanted and space:
        return credentials.lstrip(b" ").rstrip(b" \t")
    # `Bearer<TAB>x`, `Bearer,x` and the like are malformed; `BearerX y` is another scheme.
    length = len(wanted)
    if scheme[:length].lower() == wanted and not _TOKEN.match(scheme, length):
        raise InvalidRequest(Reason.INVALID_CREDENTIALS, "no space after the scheme")
    return None


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that holds the token.

    A browser sends it along with requests that other sites cause: the application must defend
    itself against cross-site request forgery, for instance by SameSite and by checking Origin.
    """

    name: str

    def __post_init__(self) -> None:
        # RFC 6265, section 4.1.1.
        if not _is_token(self.name):
            raise ConfigurationError(f"{self.name!r} cannot be the name of a cookie.")

    def find(self, scope: Scope) -> bytes | None:
        """The value of the cookie; two cookies of the name are refused."""
        wanted = self.name.encode()
        fields = [value for name, value in scope["headers"] if name.lower() == b"cookie"]
        # Requirement W1: they are counted before they are taken apart.
        if sum(value.count(b";") for value in fields) + len(fields) > MOST_COOKIES:
            raise InvalidRequest(Reason.INVALID_CREDENTIALS, f"more than {MOST_COOKIES} cookies")
        found: list[bytes] = []
        for value in fields:
            for pair in value.split(b";"):
                cookie, _, content = pair.strip().partition(b"=")
                if cookie == wanted:
                    found.append(content.strip(b'"'))
        if len(found) > 1:
            raise InvalidRequest(Reason.REPEATED_CREDENTIALS, f"two cookies {self.name}")
        return found[0] if found and found[0] else None


@dataclass(frozen=True, slots=True)
class WebSocketSubprotocol:
    """A token that a browser offers as a WebSocket subprotocol, after `name`.

        new WebSocket(url, ["bearer", token])

    Browsers cannot set header fields of a WebSocket. The application accepts with the subprotocol
    `name`; the token is taken out of the scope's list, so that it is never echoed.
    """

    name: str = "bearer"

    def __post_init__(self) -> None:
        # RFC 6455, section 4.1.
        if not _is_token(self.name):
            raise ConfigurationError(f"{self.name!r} cannot be the name of a subprotocol.")

    def find(self, scope: Scope) -> bytes | None:
        """The subprotocol after `name` in the client's offer."""
        offered = scope.get("subprotocols") or ()
        if scope["type"] != "websocket" or self.name not in offered:
            return None
        position = offered.index(self.name) + 1
        if position == len(offered) or self.name in offered[position:]:
            raise InvalidRequest(Reason.INVALID_CREDENTIALS, "no token after the subprotocol")
        token: bytes = offered[position].encode("latin-1", "replace")
        return token

    def conceal(self, scope: Scope) -> None:
        """Take the token out of the client's offer."""
        offered = scope.get("subprotocols") or ()
        if scope["type"] == "websocket" and self.name in offered:
            # Whatever follows the name, each time that it occurs: a public path takes any offer.
            before = ("", *offered)
            scope["subprotocols"] = [
                name
                for name, previous in zip(offered, before, strict=False)
                if previous != self.name or name == self.name
            ]


def find_token(sources: Sequence[TokenSource], scope: Scope) -> bytes | None:
    """The token of the request, if there is one; nothing is said of its form.

    Raises:
        InvalidRequest: there is more than one (RFC 6750, section 3.1).
    """
    token: bytes | None = None
    for source in sources:
        found = source.find(scope)
        if found is not None:
            if token is not None:
                raise InvalidRequest(Reason.REPEATED_CREDENTIALS, "tokens by two methods")
            token = found
    return token


def is_token68(token: bytes) -> bool:
    """Whether these can be credentials of the scheme Bearer at all."""
    unpadded = token.rstrip(b"=")
    return bool(unpadded) and not unpadded.translate(None, _TOKEN68)


def _is_token(name: object) -> bool:
    return isinstance(name, str) and _TOKEN.fullmatch(name.encode("utf-8", "replace")) is not None
