"""The layers and routes of an application, and the needs of each.

Routes are looked at as Starlette has them; a framework that declares needs in another way adds a
reader.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from asgi_jwks.asgi.declared import DEEPEST, declared_by
from asgi_jwks.authorization.requirement import Requirement

__all__ = [
    "Reader",
    "add_reader",
    "are_read",
    "entry_point",
    "is_known",
    "layers",
    "layers_of_route",
    "needs_of_layer",
    "needs_of_route_middleware",
    "read",
    "route_within",
    "routes",
]

Reader = Callable[[Any], Iterable[tuple[object, Requirement]]]
"""`reader(route)`: the needs that a route of some framework declares in its own way.

Each has the entry point whose tokens are held against it; None is the one around.
"""

_readers: Final[list[Reader]] = []


def add_reader(reader: Reader) -> None:
    """Read routes by this function as well."""
    if reader not in _readers:
        _readers.append(reader)


def are_read() -> bool:
    """Whether there are readers."""
    return bool(_readers)


def read(route: Any) -> Iterator[tuple[object, Requirement]]:
    """The needs that readers find in a route, each with its entry point."""
    for reader in _readers:
        yield from reader(route)


def layers(app: object) -> Iterator[Any]:
    """An application, and those that it is wrapped around, as middleware names them."""
    for _ in range(DEEPEST):
        if app is None:
            return
        yield app
        declared = declared_by(app)
        app = getattr(app, "app", None) if declared is None else declared.within


def needs_of_layer(layer: Any) -> Iterator[Requirement]:
    """The needs of an application itself, and of middleware that Starlette will put around it."""
    declared = declared_by(layer)
    if declared is not None:
        yield declared.requirement
    waiting = getattr(layer, "user_middleware", None)
    for entry in waiting if isinstance(waiting, list | tuple) else ():
        # `requires(...).around` is a method of the guard.
        guard = getattr(getattr(entry, "cls", None), "__self__", None)
        needed = getattr(guard, "requirement", None)
        if isinstance(needed, Requirement):
            yield needed


def entry_point(layer: object) -> object:
    """The entry point that a layer is, if any, for all needs within it."""
    own = getattr(layer, "authentication", None)
    return own if hasattr(own, "authorization") else None


# Their own middleware knows no access tokens, but for that which asks an application's function.
_FRAMEWORKS: Final = ("starlette", "fastapi")
_ASKING: Final = ("starlette.middleware.authentication", "starlette.middleware.base")


def is_known(layer: Any) -> bool:
    """Whether a layer is known to verify no tokens itself.

    So has to be all middleware that will be put around it. Of other people's middleware nobody
    knows it, and of this package's it is the purpose.
    """
    waiting = getattr(layer, "user_middleware", None)
    entries = waiting if isinstance(waiting, list | tuple) else ()
    return all(map(_is_known, (layer, *(getattr(entry, "cls", None) for entry in entries))))


def _is_known(layer: Any) -> bool:
    # A guard's function, or one that will make such.
    is_guard = declared_by(layer) is not None or isinstance(
        getattr(getattr(layer, "__self__", None), "requirement", None), Requirement
    )
    module = str(getattr(layer, "__module__", None))
    return is_guard or (module.partition(".")[0] in _FRAMEWORKS and module not in _ASKING)


def routes(app: Any) -> Iterator[Any]:
    """The routes of an application itself."""
    own = getattr(app, "routes", None)
    for route in own if isinstance(own, list | tuple) else ():
        # FastAPI keeps an included router as one route.
        inner = getattr(route, "effective_route_contexts", None)
        yield from (route,) if inner is None else map(route_within, inner())


def route_within(context: Any) -> Any:
    """The route that FastAPI makes of one of an included router.

    It keeps those of requests apart from all others, such as WebSockets and mounts.
    """
    return getattr(context, "starlette_route", None) or context


def needs_of_route_middleware(route: Any) -> Iterator[Requirement]:
    """The needs of the middleware that a route has of its own around its endpoint."""
    for guarded in layers_of_route(route):
        declared = declared_by(guarded)
        if declared is not None:
            yield declared.requirement


def layers_of_route(route: Any) -> Iterator[Any]:
    """The middleware that a route has of its own, and the application of its endpoint."""
    has_endpoint = getattr(route, "endpoint", None) is not None
    yield from layers(getattr(route, "app", None)) if has_endpoint else ()
