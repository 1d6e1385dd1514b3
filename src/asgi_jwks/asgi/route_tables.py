"""The route tables of frameworks that keep their routes in other forms than Starlette does.

It imports no framework. Litestar's is here, since its routes take `requires(...).around` as it is;
those of Quart and Django come with the decorators in `integrations`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from asgi_jwks.authorization.requirement import Requirement

__all__ = ["RouteTable", "add_table", "path_within", "table_of"]


class RouteTable(Protocol):
    """The routes of one framework's applications, and the needs that they declare."""

    def knows(self, app: object) -> bool:
        """Whether an application is one of this framework."""
        ...

    def is_imported(self, app: Any) -> bool:
        """Whether its routes can be read without importing the modules that have them."""
        ...

    def routes(self, app: Any) -> Iterable[tuple[str, tuple[Requirement, ...]]]:
        """The path of each route, and the requirements that one request has to meet together."""
        ...

    def needs_at(self, app: Any, scope: Mapping[str, Any]) -> Iterable[Requirement]:
        """The requirements of the route of a connection, from the outermost on."""
        ...


def path_within(scope: Mapping[str, Any]) -> str:
    """The path of a connection below the place where its application is mounted."""
    path: str = scope["path"]
    root = (scope.get("root_path") or "").rstrip("/")
    return path[len(root) :] or "/" if root and f"{path}/".startswith(f"{root}/") else path


class _Litestar:
    """Litestar (2.16 and later): route middleware of applications, routers and handlers."""

    def knows(self, app: object) -> bool:
        return all(hasattr(app, name) for name in ("asgi_router", "route_handler_method_map"))

    def is_imported(self, _app: Any) -> bool:
        return True

    def routes(self, app: Any) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
        for route in app.routes:
            handlers = getattr(route, "route_handlers", None) or [route.route_handler]
            for handler in handlers:
                yield route.path, tuple(_of_middleware(handler))

    def needs_at(self, app: Any, scope: Mapping[str, Any]) -> Iterator[Requirement]:
        # As its router looks at paths: without the slashes at their ends.
        path = "/" + "/".join(part for part in path_within(scope).split("/") if part)
        found = app.asgi_router.handle_routing(path=path, method=scope.get("method"))
        yield from _of_middleware(found[1])


def _of_middleware(handler: Any) -> Iterator[Requirement]:
    # The innermost comes first there.
    for entry in reversed(handler.resolve_middleware()):
        factory = entry[0] if isinstance(entry, tuple) else getattr(entry, "middleware", entry)
        # `requires(...).around` is a method of the guard.
        needed = getattr(getattr(factory, "__self__", None), "requirement", None)
        if isinstance(needed, Requirement):
            yield needed


_tables: Final[list[RouteTable]] = [_Litestar()]


def add_table(table: RouteTable) -> None:
    """Read the routes of one more framework; one table of each kind is enough."""
    if all(type(known) is not type(table) for known in _tables):
        _tables.append(table)


def table_of(app: object) -> RouteTable | None:
    """The table that knows an application."""
    return next((table for table in _tables if table.knows(app)), None)
