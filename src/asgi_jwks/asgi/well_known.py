"""The metadata of protected resources, served where clients look for them (RFC 9728, section 3).

It needs no token and no key. `ProtectedResourceMetadata` serves those of entry points that see only
a part of the paths; where the middleware is around the whole application, it serves its own.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from asgi_jwks._options import require_app
from asgi_jwks._printable import quoted
from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.resource_checks import note_served
from asgi_jwks.asgi.types import ASGIApp, Scope, Send
from asgi_jwks.authorization.resource_metadata import WELL_KNOWN, ProtectedResource
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.repeated_lines import RepeatedLines

__all__ = ["ProtectedResourceMetadata", "WellKnown", "send_metadata"]

_log: Final = logging.getLogger("asgi_jwks.requests")

# As long as clients may keep the document: an issuer that is taken out is seen within it.
_MAX_AGE: Final = 300

_METHODS: Final = b"GET, HEAD, OPTIONS"

# RFC 9110, section 8.6: it has no Content-Length.
_NO_CONTENT: Final = 204

# Browsers' clients read it from anywhere (section 3.2); it holds nothing that a token would show.
_ANYWHERE: Final = (b"access-control-allow-origin", b"*")


class Guard(Protocol):
    """An entry point: the middleware, or FastAPI's dependency."""

    @property
    def authentication(self) -> Authentication | None: ...


class WellKnown:
    """The documents of some entry points, by path and query.

    Args:
        guards: the entry points, each with the application whose routes declare needs, or None.
        clock: monotonic seconds, for the log.
    """

    def __init__(
        self,
        guards: Iterable[tuple[Authentication, object]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources: Final[dict[tuple[str, str], _Source]] = {}
        self._lines: Final = RepeatedLines(clock)
        for authentication, app in guards:
            for resource in authentication.authorization.resources:
                source = _Source(authentication, resource, app)
                self._add(resource.path, resource.query, source)
                if resource.also_at_root and (resource.path or resource.query):
                    self._add("", "", source)

    def __bool__(self) -> bool:
        return bool(self._sources)

    def _add(self, path: str, query: str, source: "_Source") -> None:
        if (path, query) in self._sources:
            raise ConfigurationError(
                f"there are two metadata documents for {WELL_KNOWN}{path}: give each resource a "
                "path of its own, and also_at_root=True to one of them."
            )
        self._sources[path, query] = source

    def body(self, scope: Scope) -> bytes | None:
        """The document that a request asks for; None where it asks for something else."""
        path: str = scope["path"]
        if WELL_KNOWN not in path or scope["type"] != "http":
            return None
        root: str = scope.get("root_path") or ""
        if root and path.startswith(f"{root}{WELL_KNOWN}"):
            path = path[len(root) :]
        if not path.startswith(WELL_KNOWN):
            return None
        below = path[len(WELL_KNOWN) :]
        query = scope.get("query_string", b"").decode("latin-1")
        # A query that is not the resource's is none of ours.
        source = self._sources.get((below, query)) or self._sources.get((below, ""))
        if source is None:
            self._tell_near_miss(below)
            return None
        self._tell_other_host(scope, source.resource)
        return source.document()

    def _tell_near_miss(self, below: str) -> None:
        """Say which URL a client looked for, where no resource is."""
        if self._lines.due("near miss"):
            known = " and ".join(quoted(s.resource.metadata_url) for s in self._sources.values())
            _log.warning(
                "a client looked for the metadata of a resource at %s, and they are at %s: write "
                "resource=... as clients call it, to the last slash, or also_at_root=True for "
                "those that look at the root alone",
                quoted(WELL_KNOWN + below),
                known,
            )

    def _tell_other_host(self, scope: Scope, resource: ProtectedResource) -> None:
        """Say that the metadata were asked for at another host."""
        host = next((v for n, v in scope["headers"] if n == b"host"), b"").decode("latin-1")
        own = resource.resource.split("/")[2]
        if host and host.lower() != own and self._lines.due("other host"):
            _log.warning(
                "the metadata of %s were asked for at the host %s (unverified), where clients "
                "refuse them: write resource=... with the scheme, host and port that clients use, "
                "unless a proxy rewrites the Host field",
                quoted(resource.resource),
                quoted(host),
            )


class _Source:
    """One document, made when it is first asked for: routes are declared until then."""

    def __init__(
        self, authentication: Authentication, resource: ProtectedResource, app: object
    ) -> None:
        self.resource: Final = resource
        self._authentication: Final = authentication
        self._app: Final = app
        self._document: bytes | None = None

    def document(self) -> bytes:
        if self._document is None:
            metadata = self._authentication.authorization.metadata(self.resource, self._app)
            self._document = json.dumps(metadata).encode("ascii")
        return self._document


class ProtectedResourceMetadata:
    """Serves the metadata of resources whose middleware does not see the well-known paths.

        orders = JWTBearerMiddleware(orders_app, ..., resource="https://api.example.com/orders")
        users = JWTBearerMiddleware(users_app, ..., resource="https://api.example.com/users")
        app = ProtectedResourceMetadata(Starlette(routes=[...]), orders, users)

    Args:
        app: any ASGI 3 application, in which they are mounted.
        guards: the middleware of each mounted application.

    Raises:
        ConfigurationError: one has no resource, or two cannot be told apart.
    """

    def __init__(self, app: ASGIApp, *guards: Guard) -> None:
        require_app(app, write="ProtectedResourceMetadata(app, guard)")
        if not guards:
            raise ConfigurationError(
                "There are no resources to serve metadata of. Write "
                "ProtectedResourceMetadata(app, guard)."
            )
        self.app: Final = app
        self._well_known: Final = WellKnown(
            # Of a dependency, it is this application whose routes declare needs.
            (_authentication(guard), getattr(guard, "app", app))
            for guard in guards
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer the well-known URLs, and leave everything else to the application (ASGI 3)."""
        body = self._well_known.body(scope) if scope["type"] == "http" else None
        if body is None:
            note_served(scope)
            await self.app(scope, receive, send)
        else:
            await send_metadata(body, scope, send)


def _authentication(guard: Guard) -> Authentication:
    own = getattr(guard, "authentication", None)
    if isinstance(own, Authentication) and own.authorization.resources:
        return own
    raise ConfigurationError(
        f"guards are JWTBearerMiddleware objects with a resource; got {guard!r}. Write "
        "JWTBearerMiddleware(..., resource=...)."
    )


async def send_metadata(body: bytes, scope: Mapping[str, Any], send: Send) -> None:
    """Answer GET, HEAD and OPTIONS with a document, others with 405."""
    method = scope["method"]
    fields = [_ANYWHERE]
    if method in {"GET", "HEAD"}:
        status = 200
        fields += [
            (b"content-type", b"application/json"),
            (b"cache-control", b"public, max-age=%d" % _MAX_AGE),
        ]
    else:
        status, body = (_NO_CONTENT if method == "OPTIONS" else 405), b""
        # RFC 9110, section 9.3.7, and the Fetch standard, section 3.3 (CORS preflight).
        fields += [
            (b"allow", _METHODS),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", b"*"),
        ]
    if status != _NO_CONTENT:
        fields.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
