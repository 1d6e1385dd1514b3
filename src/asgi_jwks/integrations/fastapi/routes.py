"""The scopes that a FastAPI application's routes demand, as far as it shows them.

FastAPI tells a dependency its scopes with each request; nothing public lists them. Scopes that a
version of it does not show are left out here, and refused when they are asked for.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["scopes_of_routes"]


def scopes_of_routes(
    routes: Iterable[Any], dependency: Callable[..., Any]
) -> Iterator[tuple[str, str]]:
    """The path and scope of each `Security(dependency, scopes=[...])`, mounted ones included."""
    for route in routes:
        path = getattr(route, "path", "")
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            for scope in _scopes_of(dependant, dependency):
                yield path, scope
        # Of `include_router(router, dependencies=[...])`.
        included = getattr(route, "include_context", None)
        for parameter in getattr(included, "dependencies", ()):
            if parameter.dependency is dependency:
                for scope in getattr(parameter, "scopes", None) or ():
                    yield path, scope
        inner = getattr(route, "original_router", route)
        for below, scope in scopes_of_routes(getattr(inner, "routes", None) or (), dependency):
            yield path + below, scope


def _scopes_of(dependant: Any, dependency: Callable[..., Any]) -> Iterator[str]:
    if dependant.call is dependency:
        yield from getattr(dependant, "parent_oauth_scopes", None) or ()
        yield from getattr(dependant, "own_oauth_scopes", None) or ()
    for inner in dependant.dependencies:
        yield from _scopes_of(inner, dependency)
