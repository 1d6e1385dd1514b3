"""The needs that an application's routes declare, for challenges and metadata.

Nothing is enforced here: guards do that. Routes are looked at as Starlette has them; a framework
that declares needs in another way adds a reader, one that keeps routes in another way a table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from asgi_jwks.asgi.route_tables import table_of
from asgi_jwks.authorization.requirement import Requirement

__all__ = [
    "Declared",
    "DeclaresByConnection",
    "Reader",
    "add_reader",
    "declare",
    "declared_by",
    "needs_at",
    "needs_of",
    "needs_of_endpoint",
]

# Deeper than anybody mounts applications in each other; a loop of them ends here.
_DEEPEST: Final = 16


@dataclass(frozen=True, slots=True)
class Declared:
    """The requirement of a guarded callable, and the endpoint or application within it."""

    requirement: Requirement
    within: Callable[..., Any]


class DeclaresByConnection(Protocol):
    """An application that demands more of some connections than of others."""

    def needs_of_connection(self, scope: Mapping[str, Any]) -> Iterable[Requirement]:
        """The needs of a connection, as far as its scope shows them."""
        ...


_declared: Final[MutableMapping[object, Declared]] = WeakKeyDictionary()

Reader = Callable[[Any], Iterable[Requirement]]
"""`reader(route)`: the needs that a route of some framework declares in its own way."""

_readers: Final[list[Reader]] = []


def declare(guarded: Callable[..., Any], declared: Declared) -> None:
    """Note that a callable is guarded."""
    _declared[guarded] = declared


def declared_by(guarded: object) -> Declared | None:
    """The requirement of a callable, if it is one that was noted itself."""
    try:
        return _declared.get(guarded)
    # Some callables are not hashable, or cannot be referred to weakly.
    except TypeError:
        return None


def add_reader(reader: Reader) -> None:
    """Read routes by this function as well."""
    if reader not in _readers:
        _readers.append(reader)


def needs_of(app: object) -> Iterator[tuple[str, Requirement]]:
    """The path and each requirement of all routes below an application."""
    yield from _below(app, "", _DEEPEST)


def _below(app: object, path: str, depth: int) -> Iterator[tuple[str, Requirement]]:
    if depth == 0:
        return
    for layer in _layers(app):
        declared = declared_by(layer)
        if declared is not None:
            yield path or "/", declared.requirement
        table = table_of(layer)
        if table is not None:
            for below, requirement in table.needs(layer):
                yield path + below, requirement
            return
        for route in _routes(layer):
            below = path + getattr(route, "path", "")
            for requirement in _needs_of_route(route):
                yield below, requirement
            if not hasattr(route, "endpoint"):
                yield from _below(getattr(route, "app", None), below, depth - 1)


def needs_at(app: object, scope: Mapping[str, Any]) -> list[Requirement]:
    """The requirements on the way to the route that a connection reaches or has reached.

    It costs as much as the routing of a request; nothing where no route can declare any.
    """
    # Hot path of refusals (benchmark case `proofs`): not by isinstance, which asks a Protocol's
    # members one by one.
    if not _declared and not _readers and not hasattr(app, "needs_of_connection"):
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
    for _ in range(_DEEPEST):
        route = None
        for layer in _layers(app):
            declared = declared_by(layer)
            if declared is not None:
                needs.append(declared.requirement)
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


def _layers(app: object) -> Iterator[Any]:
    """An application, and those that it is wrapped around, as middleware names them."""
    for _ in range(_DEEPEST):
        if app is None:
            return
        yield app
        declared = declared_by(app)
        app = getattr(app, "app", None) if declared is None else declared.within


def _routes(app: Any) -> Iterator[Any]:
    routes = getattr(app, "routes", None)
    for route in routes if isinstance(routes, list | tuple) else ():
        # FastAPI keeps an included router as one route.
        inner = getattr(route, "effective_route_contexts", None)
        yield from (route,) if inner is None else inner()


def _matching(app: Any, scope: dict[str, Any]) -> Any:
    """The route of a connection; `scope` becomes that of its application."""
    for route in _routes(app):
        match, child = route.matches(scope)
        # Starlette's Match.FULL.
        if match.value == _FULL:
            scope.update(child)
            return route
    return None


_FULL: Final = 2


def needs_of_endpoint(endpoint: object, method: str | None = None) -> Iterator[Requirement]:
    """The needs that a function declares, or a class by its methods.

    Args:
        endpoint: the callable of a route; those that `functools.wraps` and `functools.partial` put
            around another one are looked through.
        method: the HTTP method; all of them unless given.
    """
    for _ in range(_DEEPEST):
        declared = declared_by(endpoint)
        if declared is not None:
            yield declared.requirement
        # Quart's and Django's views of classes are functions with this attribute.
        of_class = endpoint if isinstance(endpoint, type) else getattr(endpoint, "view_class", None)
        if isinstance(of_class, type):
            for member in _members(of_class, method):
                yield from needs_of_endpoint(member)
        inner = getattr(endpoint, "__wrapped__", None) if declared is None else declared.within
        endpoint = inner or getattr(endpoint, "func", None)
        if endpoint is None:
            return


def _members(endpoint: type, method: str | None) -> list[object]:
    """The methods of a class that answer an HTTP method, or all of them."""
    names: tuple[str, ...] = _METHODS
    if method is not None:
        # HEAD is answered by `get` where there is nothing of its own.
        names = ("head", "get") if method == "HEAD" else (method.lower(),)
    found = [getattr(endpoint, name) for name in names if hasattr(endpoint, name)]
    return found if method is None else found[:1]


# The last is of Starlette's WebSocketEndpoint.
_METHODS: Final = (
    *("get", "head", "post", "put", "patch", "delete", "options", "trace"),
    "on_connect",
)


def _needs_of_route(route: Any, method: str | None = None) -> Iterator[Requirement]:
    """The needs of a route, or of one method where its endpoint is a class."""
    endpoint = getattr(route, "endpoint", None)
    # A route may have middleware of its own around its endpoint.
    for guarded in _layers(getattr(route, "app", None)) if endpoint is not None else ():
        declared = declared_by(guarded)
        if declared is not None:
            yield declared.requirement
    if endpoint is not None:
        yield from needs_of_endpoint(endpoint, method)
    for reader in _readers:
        yield from reader(route)
