"""The needs that endpoints and applications declare, noted for those who read routes.

Nothing is enforced here: guards do that.
"""

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.errors import ConfigurationError

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
# The last guarded form of each callable that has one.
_guarded: Final[MutableMapping[object, ref[Callable[..., Any]]]] = WeakKeyDictionary()
_are_expected = False


def declare(guarded: Callable[..., Any], declared: Declared) -> None:
    """Note that a callable is guarded."""
    _declared[guarded] = declared
    # Some applications are not hashable, or cannot be referred to weakly.
    with suppress(TypeError):
        _guarded[declared.within] = ref(guarded)


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
    """The needs that an endpoint declares: for each method apart where it is a class.

    Raises:
        ConfigurationError: the endpoint was put into the route before its guard was around it.
    """
    if _is_without_its_guard(endpoint):
        raise ConfigurationError(
            f"{_name(endpoint)} is guarded by requires(...), and its route has the function that "
            "is not, open to every token. Write @requires(...) below the decorator of the route."
        )
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


def _is_without_its_guard(endpoint: object) -> bool:
    """Whether `@requires` was written above the decorator of the route."""
    declared = declared_by(endpoint)
    try:
        last = _guarded.get(endpoint if declared is None else declared.within)
    except TypeError:
        return False
    guarded = None if last is None else last()
    if last is None or guarded is endpoint:
        return False
    name = _name(endpoint)
    if "<locals>" in name:
        # Such a decorator leaves the guarded function to nobody when the function around it ends.
        return guarded is None
    # A decorator gives the name to the guarded function; somebody who wants both, another one.
    module: object = sys.modules.get(str(getattr(endpoint, "__module__", None)))
    named = reduce(lambda owner, part: getattr(owner, part, None), name.split("."), module)
    return guarded is not None and guarded is named


def _name(endpoint: object) -> str:
    return str(getattr(endpoint, "__qualname__", ""))


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
