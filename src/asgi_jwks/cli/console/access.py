"""Who may use the console: a browser on this machine that knows its token.

A page of another site can make a browser send requests here, also under a name of its own that
leads to this machine (DNS rebinding). So Host has to be a loopback name; whatever tells or changes
something needs the token; there is no CORS. It does not know the console's pages.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asgi_jwks.fetching.secure_url import is_loopback

__all__ = ["CONSOLE_VARIABLE", "HEADERS", "TOKEN_FIELD", "TOKEN_PARAMETER", "ConsoleAccess"]

TOKEN_FIELD: Final = "x-console-token"
"""The field for requests of the page's script; another site's page cannot send it here."""

TOKEN_PARAMETER: Final = "token"
"""The parameter of the URLs of the page and of the event stream."""

CONSOLE_VARIABLE: Final = "MOCK_ISSUER_CONSOLE"
"""The variable with the whole URL of the console, for `asgi-jwks token`."""

# Content Security Policy 3: scripts and styles are files of this origin, and nothing else loads.
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_PUBLIC: Final = "/static/"
# The page's own URL has one.
_MOST_FIELDS: Final = 10

_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([0-9a-z.-]+))(?::[0-9]{1,5})?", re.IGNORECASE)


class ConsoleAccess:
    """Lets requests through to `app` that come from this machine and know the token.

    Args:
        app: the console.
        token: the secret; files under /static/ are served without it.
    """

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app: Final = app
        self._token: Final = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("The console has neither WebSockets nor anything else but http.")
        refusal = self._refusal(scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = [(n.encode(), v.encode()) for n, v in HEADERS.items()]
                message["headers"] = [*message.get("headers", ()), *fields]
            await send(message)

        await (self._app if refusal is None else refusal)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        fields = [(name.lower(), value) for name, value in scope["headers"]]
        hosts = [value for name, value in fields if name == b"host"]
        if len(hosts) != 1 or not _is_loopback_host(hosts[0].decode("latin-1")):
            return _refused(421, "The console answers to loopback names alone.")
        sites = [value for name, value in fields if name == b"sec-fetch-site"]
        if any(site not in {b"same-origin", b"none"} for site in sites):
            return _refused(403, "The console is not for the pages of other sites.")
        if scope["path"].startswith(_PUBLIC):
            return None
        if not self._knows_token(scope, fields):
            return _refused(401, "Open the console by the URL that the command printed.")
        return None

    def _knows_token(self, scope: Scope, fields: list[tuple[bytes, bytes]]) -> bool:
        given = [value for name, value in fields if name == TOKEN_FIELD.encode()]
        if scope["method"] == "GET" and not given:
            # A form of another site could send a token in a URL too, if it knew one.
            given = _tokens_of(scope["query_string"])
        return len(given) == 1 and hmac.compare_digest(given[0], self._token)


def _tokens_of(query_string: bytes) -> list[bytes]:
    try:
        query = parse_qs(query_string.decode("latin-1"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return []
    return [value.encode() for value in query.get(TOKEN_PARAMETER, ())]


def _is_loopback_host(host: str) -> bool:
    """Whether a Host field names this machine; RFC 9110, section 7.2."""
    named = _HOST.fullmatch(host)
    return named is not None and is_loopback(named[1] or named[2])


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)
