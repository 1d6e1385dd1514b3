"""The needs of all routes of an application, with those of all around.

They are for metadata, and to be held against the issuers that are trusted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asgi_jwks.asgi.declared import DEEPEST, needs_together
from asgi_jwks.asgi.layers import (
    entry_point,
    is_known,
    layers,
    layers_of_route,
    needs_of_layer,
    needs_of_route_middleware,
    read,
    routes,
)
from asgi_jwks.asgi.route_tables import table_of
from asgi_jwks.authorization.requirement import Requirement

__all__ = ["RouteNeeds", "needs_of", "routes_of"]


@dataclass(frozen=True, slots=True)
class RouteNeeds:
    """The needs that one request to a route has to meet together.

    Attributes:
        path: that of the route, as it is written.
        needs: from the outermost on, each with the entry point whose tokens are held against it:
            None is the one around the application that was looked at.
        is_announced: whether metadata name their scopes.
        is_seen_through: whether it is one path, and nothing on the way to it may verify tokens
            besides the entry points that `needs` names.
    """

    path: str
    needs: tuple[tuple[object, Requirement], ...]
    is_announced: bool = True
    is_seen_through: bool = False


def needs_of(app: object) -> Iterator[tuple[str, Requirement]]:
    """The path and each requirement of all routes below an application, for metadata."""
    for route in routes_of(app):
        if route.is_announced:
            for _, requirement in route.needs:
                yield route.path, requirement


def routes_of(app: object, *, imports: bool = True) -> Iterator[RouteNeeds]:
    """The needs of each route below an application, with those of all around it.

    Args:
        app: the application.
        imports: whether routes may be read that are not imported yet, such as Django's.
    """
    return _Walk(imports=imports).below(app, "", (), None, DEEPEST, is_seen_through=True)


_Needs = tuple[tuple[object, Requirement], ...]


@dataclass(frozen=True, slots=True)
class _Walk:
    """A way through all routes of an application."""

    imports: bool

    def below(
        self,
        app: object,
        path: str,
        above: _Needs,
        judge: object,
        depth: int,
        *,
        is_seen_through: bool,
    ) -> Iterator[RouteNeeds]:
        """The routes below an application that is reached by a path.

        Args:
            app: the application.
            path: that at which it is mounted.
            above: the needs around it.
            judge: the entry point whose tokens come here.
            depth: how many applications may be mounted in it.
            is_seen_through: whether nothing around it may verify tokens that is not an entry point.
        """
        if depth == 0:
            return
        has_routes = False
        for layer in layers(app):
            judge = entry_point(layer) or judge
            is_seen_through = is_seen_through and is_known(layer)
            above = (*above, *((judge, need) for need in needs_of_layer(layer)))
            of_any = getattr(layer, "needs_of_any", None)
            for need in () if of_any is None else of_any():
                yield RouteNeeds(path or "/", (*above, (judge, need)), is_announced=False)
            table = table_of(layer)
            if table is not None:
                if self.imports or table.is_imported(layer):
                    for below, needs in table.routes(layer):
                        yield RouteNeeds(path + below, (*above, *((judge, n) for n in needs)))
                return
            for route in routes(layer):
                has_routes = True
                below = path + getattr(route, "path", "")
                inner = None if hasattr(route, "endpoint") else getattr(route, "app", None)
                for alternative in _together(route, judge):
                    around = (*above, *alternative)
                    if inner is None:
                        known = is_seen_through and all(map(is_known, layers_of_route(route)))
                        yield RouteNeeds(below, around, is_seen_through=known)
                    else:
                        yield from self.below(
                            inner, below, around, judge, depth - 1, is_seen_through=is_seen_through
                        )
        if not has_routes and above:
            yield RouteNeeds(path or "/", above)


def _together(route: Any, judge: object) -> Iterator[_Needs]:
    """The needs of a route: for each method apart where its endpoint is a class."""
    endpoint = getattr(route, "endpoint", None)
    needs = [(judge, need) for need in needs_of_route_middleware(route)]
    needs += [(own or judge, need) for own, need in read(route)]
    for alternative in needs_together(endpoint):
        yield (*needs, *((judge, need) for need in alternative))
