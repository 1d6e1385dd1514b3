"""The log of declarations that turn out wrong when a request comes.

Each mistake is told once, and so many of a kind at the most. It refuses nothing.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from asgi_jwks._printable import quoted
from asgi_jwks.asgi.resource_checks import difference_of, mounted_at
from asgi_jwks.asgi.types import Scope
from asgi_jwks.authorization.resource_metadata import ProtectedResource
from asgi_jwks.errors import ConfigurationError

__all__ = ["DeclarationLog"]

_log: Final = logging.getLogger("asgi_jwks.requests")

# Lines of one cause, bounded as all that requests cause (requirement W6).
_MOST_TOLD: Final = 16


class DeclarationLog:
    """The mistakes in the declarations of one entry point, as far as they were told."""

    def __init__(self) -> None:
        self._unenforceable = 0
        self._public_routes: Final[set[str]] = set()
        self._has_told_of_mount = self._has_told_of_resource = False

    def unenforceable(self, error: ConfigurationError) -> None:
        """Log a requirement that no token could meet."""
        # Applications may make guards for each request.
        if self._unenforceable < _MOST_TOLD:
            self._unenforceable += 1
            _log.error("%s", error)

    def demand_on_public_path(self, scope: Mapping[str, Any]) -> None:
        """Log a demand that was made on a public path, where nobody can meet it."""
        route = getattr(scope.get("route"), "path", None) or scope["path"]
        # Below a public prefix, strangers choose the path.
        if route not in self._public_routes and len(self._public_routes) < _MOST_TOLD:
            self._public_routes.add(route)
            _log.error(
                "%s demands a token, and requests for it are let through by public_paths or "
                "allow_unauthenticated_preflight, where tokens are not read: every one is refused. "
                "Take its path out of public_paths, or the demand from the route",
                quoted(route),
            )

    def named_resource(self, resource: ProtectedResource, path: str, scope: Scope) -> None:
        """Log metadata that clients of this request cannot reach, or do not accept."""
        if not self._has_told_of_mount and (mount := mounted_at(scope)) is not None:
            self._has_told_of_mount = True
            _log.warning(
                "challenges name the metadata at %s, and this application is mounted at %s, where "
                "requests for them do not come: put ProtectedResourceMetadata(app, guard) around "
                "the application that has the mount, unless something else serves them",
                quoted(resource.metadata_url),
                quoted(mount),
            )
        if self._has_told_of_resource:
            return
        difference = difference_of(resource, path, scope)
        if difference is not None:
            self._has_told_of_resource = True
            _log.warning(
                "a request for %s was refused with the metadata of %s, and the two differ by "
                "%s, so that clients refuse them: write resource=... as clients call it, "
                "unless a proxy changes it on the way",
                quoted(path),
                quoted(resource.resource),
                difference,
            )
