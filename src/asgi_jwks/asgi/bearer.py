"""Where the token of a request is looked for.

What lives only here: the sources of a token and the form of each (RFC 6750, section 2). What it
does not know: what a token means. Query strings and bodies are no sources (RFC 9700, section
4.3.2): they end up in logs and histories.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from asgi_jwks.errors import ConfigurationError, InvalidRequest, MissingToken, Reason

__all__ = [
    "AuthorizationHeader",
    "Cookie",
    "TokenSource",
    "WebSocketSubprotocol",
    "require_token",
]

Scope = Any
"""An ASGI connection scope, as servers and frameworks type it."""

# RFC 9110, section 11.2; RFC 6750, section 2.1.
_TOKEN68: Final = re.compile(rb"[A-Za-z0-9\-._~+/]+=*")


class TokenSource(Protocol):
    """A place in a request where a token may be."""

    def find(self, scope: Scope) -> bytes | None:
        """What is in this place, if there is anything; `require_token` checks its form.

        Raises:
            InvalidRequest: there is more than one.
        """


@dataclass(frozen=True, slots=True)
class AuthorizationHeader:
    """The field `Authorization: Bearer TOKEN` (RFC 6750, section 2.1): the default."""

    def find(self, scope: Scope) -> bytes | None:
        """The token of the one Authorization field. Another scheme counts as no token."""
        value: bytes | None = None
        for name, field_value in scope["headers"]:
            # ASGI wants names in lower case; a server that forgets must not hide a second field.
            if len(name) == 13 and name.lower() == b"authorization":
                if value is not None:
                    raise InvalidRequest(Reason.REPEATED_CREDENTIALS, "two Authorization fields")
                value = field_value
        return None if value is None else _bearer(value)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that holds the token.

    A browser sends it along with requests that other sites cause: the application must defend
    itself against cross-site request forgery, for instance by SameSite and by checking Origin.
    """

    name: str

    def __post_init__(self) -> None:
        # RFC 6265, section 4.1.1.
        if not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", self.name):
            raise ConfigurationError(f"{self.name!r} cannot be the name of a cookie.")

    def find(self, scope: Scope) -> bytes | None:
        """The value of the cookie; two cookies of the name are refused."""
        wanted = self.name.encode()
        found: list[bytes] = []
        for name, value in scope["headers"]:
            if name.lower() == b"cookie":
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

    def find(self, scope: Scope) -> bytes | None:
        """The subprotocol after `name` in the client's offer."""
        offered = scope.get("subprotocols") or ()
        if scope["type"] != "websocket" or self.name not in offered:
            return None
        position = offered.index(self.name) + 1
        if position == len(offered) or self.name in offered[position:]:
            raise InvalidRequest(Reason.INVALID_CREDENTIALS, "no token after the subprotocol")
        token: bytes = offered[position].encode("latin-1", "replace")
        scope["subprotocols"] = [*offered[:position], *offered[position + 1 :]]
        return token


def require_token(scope: Scope, sources: Sequence[TokenSource], *, max_bytes: int) -> bytes:
    """The one token of a request.

    Raises:
        MissingToken: there is none.
        InvalidRequest: there is more than one (RFC 6750, section 3.1), or it is malformed.
    """
    token: bytes | None = None
    for source in sources:
        found = source.find(scope)
        if found is not None:
            if token is not None:
                raise InvalidRequest(Reason.REPEATED_CREDENTIALS, "tokens by two methods")
            token = found
    if token is None:
        raise MissingToken
    if len(token) > max_bytes:
        raise InvalidRequest(Reason.TOKEN_TOO_LARGE)
    if not _TOKEN68.fullmatch(token):
        raise InvalidRequest(Reason.INVALID_CREDENTIALS)
    return token


def _bearer(value: bytes) -> bytes | None:
    scheme, _, rest = value.strip(b" \t").partition(b" ")
    # RFC 9110, section 11.1: without case.
    return rest.lstrip(b" ") if scheme.lower() == b"bearer" else None
