"""`ProtectedResource`: the identifier of a resource, and its metadata (RFC 9728).

It knows no ASGI: paths and queries come in as values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from asgi_jwks._options import require_flag, require_names, require_text
from asgi_jwks.authorization.resource_url import (
    EXAMPLE,
    require_issuer_url,
    require_page,
    require_resource,
)
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import ConfigurationError

__all__ = [
    "OFFLINE_ACCESS",
    "WELL_KNOWN",
    "ProtectedResource",
    "belongs_to",
    "protected_resources",
    "resource_at",
]

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
"""The path suffix that is registered for the metadata (RFC 9728, section 8.3)."""

# For a client to keep its login; a resource server has no use for it (MCP, authorization).
OFFLINE_ACCESS: Final = "offline_access"


@dataclass(frozen=True, slots=True, init=False)
class ProtectedResource:
    """A resource that clients can find their way into: its metadata name issuers and scopes.

        ProtectedResource("https://api.example.com/mcp", name="Orders")

    Args:
        resource: the URL that clients know it by, byte for byte: with https, or http on loopback,
            and without a fragment.
        scopes: those that the metadata name; those that routes require unless given.
        issuers: those that the metadata name as authorization servers; all that are trusted unless
            given.
        name: a name for people.
        documentation: the URL of a page for developers.
        also_at_root: answer at the well-known path without the resource's own path as well, for
            clients that look nowhere else.

    Raises:
        ConfigurationError: an argument is wrong; the message says what to write.
    """

    resource: str
    scopes: tuple[str, ...] | None
    issuers: tuple[str, ...] | None
    name: str | None
    documentation: str | None
    also_at_root: bool

    def __init__(
        self,
        resource: str,
        *,
        scopes: str | Iterable[str] | None = None,
        issuers: str | Iterable[str] | None = None,
        name: str | None = None,
        documentation: str | None = None,
        also_at_root: bool = False,
    ) -> None:
        put = object.__setattr__
        put(self, "resource", require_resource(resource))
        put(self, "scopes", None if scopes is None else _scopes(scopes))
        put(self, "issuers", None if issuers is None else _issuers(issuers))
        put(self, "name", None if name is None else require_text("name", name, example="Orders"))
        put(
            self,
            "documentation",
            None if documentation is None else require_page("documentation", documentation),
        )
        put(self, "also_at_root", require_flag("also_at_root", also_at_root))

    @property
    def path(self) -> str:
        """The path of the resource, decoded as ASGI does it; "" for a whole host."""
        return unquote(_path(urlsplit(self.resource)))

    @property
    def query(self) -> str:
        """The query of the resource, as it is written."""
        return urlsplit(self.resource).query

    @property
    def metadata_url(self) -> str:
        """The URL of the metadata: the well-known path after the host (RFC 9728, section 3)."""
        parts = urlsplit(self.resource)
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{_path(parts)}{query}"

    def metadata(
        self,
        *,
        issuers: Sequence[str],
        scopes: Iterable[str],
        methods: Sequence[str],
        proofs: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The document (RFC 9728, section 2), without empty members (section 3.2).

        Args:
            issuers: those that are trusted.
            scopes: those that routes require.
            methods: the ways to present a token: "header" or none (RFC 6750, section 2).
            proofs: the members about sender-constrained tokens.
        """
        named = scopes if self.scopes is None else self.scopes
        members: dict[str, Any] = {
            "resource": self.resource,
            "authorization_servers": [*(issuers if self.issuers is None else self.issuers)],
            "scopes_supported": [
                scope for scope in dict.fromkeys(named) if scope != OFFLINE_ACCESS
            ],
            "bearer_methods_supported": [*methods],
            **(proofs or {}),
            "resource_name": self.name,
            "resource_documentation": self.documentation,
        }
        return {name: value for name, value in members.items() if value}


def protected_resources(given: object) -> tuple[ProtectedResource, ...]:
    """The resources of an entry point, from one or several of them.

    Raises:
        ConfigurationError: one is of the wrong form, or two cannot be told apart.
    """
    items: list[Any] = [*given] if isinstance(given, list | tuple) else [given]
    resources = tuple(
        item if isinstance(item, ProtectedResource) else ProtectedResource(item) for item in items
    )
    if not resources:
        raise ConfigurationError(f"resource is empty. Leave it out, or write resource={EXAMPLE!r}.")
    places = [(each.path, each.query) for each in resources]
    places += [("", "") for each in resources if each.also_at_root and (each.path or each.query)]
    for place in places:
        if places.count(place) > 1:
            raise ConfigurationError(
                f"resource has two metadata documents for {WELL_KNOWN}{place[0]}: give each "
                "resource a path of its own, and also_at_root=True to one of them."
            )
    # The longest path first: a resource below another one is its own.
    return tuple(
        sorted(resources, key=lambda each: (len(each.path), len(each.query)), reverse=True)
    )


def belongs_to(path: str, base: str) -> bool:
    """Whether a path is that of a resource, or below it by whole segments."""
    base = base.rstrip("/")
    return path == base or path.startswith(f"{base}/")


def resource_at(
    resources: Sequence[ProtectedResource], path: str, query: str
) -> ProtectedResource | None:
    """The resource that a request is for.

    A sole one is that of every request; of several the one with the longest path that has it.
    """
    if len(resources) == 1:
        return resources[0]
    for each in resources:
        if belongs_to(path, each.path) and each.query in {"", query}:
            return each
    return None


def _path(parts: SplitResult) -> str:
    # RFC 9728, section 3.1: a slash that ends the host is not a path.
    return "" if parts.path == "/" else parts.path


def _scopes(scopes: object) -> tuple[str, ...]:
    names = require_names("scopes", scopes, example="orders:read")
    for name in names:
        if not is_scope(name):
            raise ConfigurationError(
                f"scopes must be names without spaces and quotes, one string each; got {name!r}."
            )
        if name == OFFLINE_ACCESS:
            raise ConfigurationError(
                "scopes has offline_access, which a client asks for to stay logged in: a resource "
                "has no use for it. Leave it out."
            )
    return tuple(dict.fromkeys(names))


def _issuers(issuers: object) -> tuple[str, ...]:
    names = require_names("issuers", issuers, example="https://example.eu.auth0.com/")
    if not names:
        raise ConfigurationError("issuers is empty: clients would not know where to get a token.")
    return tuple(dict.fromkeys(map(require_issuer_url, names)))
