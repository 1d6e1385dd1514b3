"""The needs that a FastAPI application's routes declare by their dependencies.

FastAPI tells a dependency its scopes with each request; nothing public lists them, so they are read
from its routes as far as a version of it shows them. Nothing is enforced here.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, get_type_hints

from fastapi.params import Security

from asgi_jwks.asgi.declared import DEEPEST
from asgi_jwks.asgi.layers import layers, route_within, routes
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import ConfigurationError

__all__ = [
    "Needs",
    "needs_of_connection",
    "needs_of_route",
    "note_needs",
    "scopes_of_routes",
]

_NOTE: Final = "_asgi_jwks_needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """The needs of a dependency besides the scopes that it is asked with.

    Attributes:
        owner: whose rules they belong to.
        requirement: the needs, if there are any.
    """

    owner: object
    requirement: Requirement | None = None


def note_needs(dependency: Callable[..., Any], needs: Needs) -> None:
    """Note the needs of a dependency, for those who read routes."""
    setattr(dependency, _NOTE, needs)


def needs_of_connection(scope: Mapping[str, Any], owner: object) -> list[Requirement]:
    """The needs of the route that a connection has reached, by one owner's rules."""
    # Of an included router, where the version of FastAPI has such.
    context = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    route = route_within(context)
    needs = _needs_below(getattr(route, "dependant", None))
    return [need for of, need in needs if of is owner]


def needs_of_route(route: Any) -> list[tuple[object, Requirement]]:
    """The needs of a route, each with the rules that judge it; None: those around.

    Raises:
        ConfigurationError: it has a string in the place of a list of scopes.
    """
    _require_lists(route)
    return [
        (getattr(of, "authentication", None), need)
        for of, need in _needs_below(getattr(route, "dependant", None))
    ]


def _needs_below(dependant: Any) -> Iterator[tuple[object, Requirement]]:
    for needs, scopes in _noted(dependant):
        names = [scope for scope in scopes if is_scope(scope)]
        if names:
            yield needs.owner, Requirement(*names)
        if needs.requirement is not None:
            yield needs.owner, needs.requirement


def _noted(dependant: Any) -> Iterator[tuple[Needs, list[str]]]:
    """The noted dependencies below one, and the scopes that each is asked with."""
    if dependant is None:
        return
    needs = _note_of(dependant.call)
    if needs is not None:
        parents = getattr(dependant, "parent_oauth_scopes", None) or ()
        yield needs, [*parents, *(getattr(dependant, "own_oauth_scopes", None) or ())]
    for inner in dependant.dependencies:
        yield from _noted(inner)


def _note_of(dependency: object) -> Needs | None:
    needs = getattr(dependency, _NOTE, None)
    return needs if isinstance(needs, Needs) else None


def _require_lists(route: Any) -> None:
    """Refuse `Security(bearer, scopes="read")`, which FastAPI takes apart into letters."""
    dependant = getattr(route, "dependant", None)
    asked = (scopes for _, scopes in _noted(dependant))
    # Looked for where it is written, if there are letters at all.
    if not any(len(scopes) > 1 and max(map(len, scopes)) == 1 for scopes in asked):
        return
    written = [*(getattr(route, "dependencies", None) or ())]
    for call in _calls(dependant):
        written += _written_in(call)
    for each in written:
        text: object = getattr(each, "scopes", None)
        if isinstance(text, str):
            raise ConfigurationError(
                f"the route {route.path} has Security(..., scopes={text!r}), which FastAPI reads "
                f"as one scope for each letter. Write a list: scopes={text.split() or [text]}."
            )


def _calls(dependant: Any) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _written_in(call: Any) -> list[Any]:
    """The `Depends` and `Security` of the parameters of an endpoint or a dependency."""
    function = call if inspect.isroutine(call) else type(call).__call__
    try:
        parameters = inspect.signature(function).parameters.values()
        hints = get_type_hints(function, include_extras=True)
    # FastAPI has read it in its own way, and has told what it cannot read.
    except (NameError, TypeError, ValueError):
        return []
    annotated = (getattr(hint, "__metadata__", ()) for hint in hints.values())
    found = [*(parameter.default for parameter in parameters), *chain.from_iterable(annotated)]
    return [each for each in found if isinstance(each, Security)]


def scopes_of_routes(app: Any, owner: object, *, depth: int = DEEPEST) -> Iterator[tuple[str, str]]:
    """The path and each scope that routes ask the dependencies of an owner with.

    Mounted applications and included routers are looked into, so deep at most.
    """
    for layer in layers(app) if depth else ():
        for route in routes(layer):
            path = getattr(route, "path", "")
            for needs, scopes in _noted(getattr(route, "dependant", None)):
                if needs.owner is owner:
                    for scope in scopes:
                        yield path, scope
            mounted = None if hasattr(route, "endpoint") else getattr(route, "app", None)
            for below, scope in scopes_of_routes(mounted, owner, depth=depth - 1):
                yield path + below, scope
