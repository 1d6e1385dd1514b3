"""`ScopeHierarchy`: scopes that imply narrower ones, all of them known at construction.

It does not know tokens. A scope implies others through any number of steps; that two of them imply
each other makes them equal, and no loop.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from asgi_jwks._options import require_names
from asgi_jwks.authorization.scope_names import is_scope
from asgi_jwks.errors import ConfigurationError

__all__ = ["ScopeHierarchy"]


class ScopeHierarchy:
    """The scopes that other scopes imply.

        ScopeHierarchy({"orders:admin": ["orders:write"], "orders:write": ["orders:read"]})

    Args:
        implied_scopes: the narrower scopes of each wider one.

    Raises:
        ConfigurationError: it is not a mapping of scopes to scopes.
    """

    def __init__(self, implied_scopes: Mapping[str, str | Iterable[str]]) -> None:
        if not isinstance(implied_scopes, Mapping):
            raise ConfigurationError(
                "implied_scopes must be a mapping of scopes to those that they imply; got "
                f'{implied_scopes!r}. Write implied_scopes={{"orders:write": ["orders:read"]}}.'
            )
        directly = {
            wide: require_names("implied_scopes", narrow, example="orders:read")
            for wide, narrow in implied_scopes.items()
        }
        for scope in (*directly, *(name for names in directly.values() for name in names)):
            if not isinstance(scope, str) or not is_scope(scope):
                raise ConfigurationError(
                    "implied_scopes must have scopes, which are names without spaces and quotes; "
                    f"got {scope!r}."
                )
        self._implied: Final = {wide: _closure(wide, directly) for wide in directly}

    def __bool__(self) -> bool:
        return bool(self._implied)

    def implied_by(self, scopes: Collection[str]) -> frozenset[str]:
        """The scopes that these imply, without those themselves."""
        found: set[str] = set()
        for scope in scopes:
            found |= self._implied.get(scope, frozenset())
        return frozenset(found.difference(scopes))


def _closure(scope: str, directly: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [scope]
    while waiting:
        for narrower in directly.get(waiting.pop(), ()):
            if narrower not in found:
                found.add(narrower)
                waiting.append(narrower)
    return frozenset(found - {scope})
