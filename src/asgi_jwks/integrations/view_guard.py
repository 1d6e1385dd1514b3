"""The decorator of a view, for frameworks whose views get no scope.

It knows no framework: each says how a view of its own is guarded.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from asgi_jwks.asgi.declared import Declared, declare, declared_by
from asgi_jwks.asgi.guards import RouteGuard

__all__ = ["ViewGuard"]

View = TypeVar("View", bound=Callable[..., Any])


class ViewGuard(ABC):
    """Guards views.

    Two of them on one view are combined, so that one challenge names all.

    Args:
        guard: checks the token of a connection.
    """

    def __init__(self, guard: RouteGuard) -> None:
        self._guard: Final = guard

    def __call__(self, view: View) -> View:
        """The guarded view, whose demands the middleware names."""
        guard, within = self._guard, cast("Callable[..., Any]", view)
        inner = declared_by(view)
        if inner is not None:
            guard, within = guard & inner.requirement, inner.within
        guarded = self.guarded(within, guard)
        declare(guarded, Declared(guard.requirement, within))
        return cast("View", guarded)

    @abstractmethod
    def guarded(self, view: Callable[..., Any], guard: RouteGuard) -> Callable[..., Any]:
        """The view behind the guard, with refusals answered as the framework answers."""
