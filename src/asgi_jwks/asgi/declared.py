"""The needs that endpoints and applications declare, noted for those who read routes.

Nothing is enforced here: guards do that.
"""

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from asgi_jwks.authorization.requirement import Requirement

__all__ = [
    "DEEPEST",
    "Declared",
    "are_declared",
    "declare",
    "declared_by",
    "expect",
    "needs_of_endpoint",
    "needs_together",
]

# Deeper than anybody mounts applications in each other; a loop of them ends here.
DEEPEST: Final = 16

# The last is of Starlette's WebSocketEndpoint.
_METHODS: Final = (
    *("get", "head", "post", "put", "patch", "delete", "options", "trace"),
    "on_connect",
)


@dataclass(frozen=True, slots=True)
class Declared:
    """The requirement of a guarded callable, and the endpoint or application within it."""

    requirement: Requirement
    within: Callable[..., Any]


_declared: Final[MutableMapping[object, Declared]] = WeakKeyDictionary()
_are_expected = False


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


def expect() -> None:
    """Note that there is a guard, by which something may be declared later.

    Starlette builds the middleware of an application with its first request.
    """
    global _are_expected
    _are_expected = True


def are_declared() -> bool:
    """Whether anything is declared, or may be."""
    return _are_expected or bool(_declared)


def needs_of_endpoint(endpoint: object, method: str | None = None) -> Iterator[Requirement]:
    """The needs that a function declares, or a class by its methods.

    Args:
        endpoint: the callable of a route; those that `functools.wraps` and `functools.partial` put
            around another one are looked through.
        method: the HTTP method; all of them unless given.
    """
    for _ in range(DEEPEST):
        declared = declared_by(endpoint)
        if declared is not None:
            yield declared.requirement
        for member in _members(_class_of(endpoint), method):
            yield from needs_of_endpoint(member)
        endpoint = _within(endpoint, declared)
        if endpoint is None:
            return


def needs_together(endpoint: object) -> list[tuple[Requirement, ...]]:
    """The needs that an endpoint declares: for each method apart where it is a class."""
    return _together_of(endpoint, DEEPEST)


def _together_of(endpoint: object, depth: int) -> list[tuple[Requirement, ...]]:
    needs: list[Requirement] = []
    by_method: list[tuple[Requirement, ...]] = []
    while endpoint is not None and depth > 0:
        depth -= 1
        declared = declared_by(endpoint)
        if declared is not None:
            needs.append(declared.requirement)
        for member in _members(_class_of(endpoint), None):
            by_method += _together_of(member, depth)
        endpoint = _within(endpoint, declared)
    return [(*needs, *those) for those in by_method] or [tuple(needs)]


def _class_of(endpoint: object) -> type | None:
    """The class that an endpoint is a view of."""
    # Quart's and Django's views of classes are functions with this attribute.
    of_class = endpoint if isinstance(endpoint, type) else getattr(endpoint, "view_class", None)
    return of_class if isinstance(of_class, type) else None


def _within(endpoint: object, declared: Declared | None) -> object:
    """The callable that an endpoint is wrapped around, if any."""
    inner = getattr(endpoint, "__wrapped__", None) if declared is None else declared.within
    return inner or getattr(endpoint, "func", None)


def _members(endpoint: type | None, method: str | None) -> list[object]:
    """The methods of a class that answer an HTTP method, or all of them."""
    if endpoint is None:
        return []
    names: tuple[str, ...] = _METHODS
    if method is not None:
        # HEAD is answered by `get` where there is nothing of its own.
        names = ("head", "get") if method == "HEAD" else (method.lower(),)
    found = [getattr(endpoint, name) for name in names if hasattr(endpoint, name)]
    return found if method is None else found[:1]
