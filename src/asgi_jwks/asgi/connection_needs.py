"""The needs on the way to the route of a connection, for challenges.

It costs as much as the routing of a request, and is asked for refused ones alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from asgi_jwks.asgi.declared import DEEPEST, are_declared, needs_of_endpoint
from asgi_jwks.asgi.layers import (
    are_read,
    layers,
    needs_of_layer,
    needs_of_route_middleware,
    read,
    routes,
)
from asgi_jwks.asgi.route_tables import table_of
from asgi_jwks.authorization.requirement import Requirement

__all__ = ["DeclaresByConnection", "needs_at"]


# Starlette's Match.FULL; its routing is slow to import.
_FULL: Final = 2


class DeclaresByConnection(Protocol):
    """An application that demands more of some connections than of others."""

    def needs_of_connection(self, scope: Mapping[str, Any]) -> Iterable[Requirement]:
        """The needs of a connection, as far as its scope shows them."""
        ...

    def needs_of_any(self) -> Iterable[Requirement]:
        """The needs of each connection that has any."""
        ...


def needs_at(app: object, scope: Mapping[str, Any]) -> list[Requirement]:
    """The requirements on the way to the route that a connection reaches or has reached.

    It costs as much as the routing of a request; nothing where no route can declare any.
    """
    # Hot path of refusals (benchmark case `proofs`): not by isinstance, which asks a Protocol's
    # members one by one.
    if not are_declared() and not are_read() and not hasattr(app, "needs_of_connection"):
        return []
    here = scope.get("root_path", "")
    # Starlette's mounts lengthen the root path; within one the first is kept under this name.
    at_first = scope.get("app_root_path", here)
    needs, is_reached = _on_the_way(app, {**scope, "root_path": at_first})
    if not is_reached and here != at_first:
        # The application is mounted itself.
        needs, _ = _on_the_way(app, {**scope, "root_path": here})
    return needs


def _on_the_way(app: object, scope: dict[str, Any]) -> tuple[list[Requirement], bool]:
    """The requirements from an application down to a route, and whether there is a route."""
    needs: list[Requirement] = []
    is_reached = False
    for _ in range(DEEPEST):
        route = None
        for layer in layers(app):
            needs.extend(needs_of_layer(layer))
            if hasattr(layer, "needs_of_connection"):
                by_connection: DeclaresByConnection = layer
                needs.extend(by_connection.needs_of_connection(scope))
            table = table_of(layer)
            if table is not None:
                needs.extend(table.needs_at(layer, scope))
                return needs, True
            route = route or _matching(layer, scope)
        if route is None:
            break
        is_reached = True
        needs.extend(_needs_of_route(route, scope.get("method")))
        if hasattr(route, "endpoint"):
            break
        app = getattr(route, "app", None)
    return needs, is_reached


def _matching(app: Any, scope: dict[str, Any]) -> Any:
    """The route of a connection; `scope` becomes that of its application."""
    for route in routes(app):
        match, child = route.matches(scope)
        if match.value == _FULL:
            scope.update(child)
            return route
    return None


def _needs_of_route(route: Any, method: str | None) -> Iterator[Requirement]:
    """The needs of a route, or of one method where its endpoint is a class."""
    yield from needs_of_route_middleware(route)
    endpoint = getattr(route, "endpoint", None)
    if endpoint is not None:
        yield from needs_of_endpoint(endpoint, method)
    for _, need in read(route):
        yield need
