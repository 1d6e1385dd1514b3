"""The needs that routes declare, held against the trusted issuers before requests come.

Once where the application is given, for the routes that it has by then, and once when it starts,
or is first used without a start. It judges no token.
"""

import logging
from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_
from typing import Any, Final

from asgi_jwks.asgi.layers import layers
from asgi_jwks.asgi.route_needs import RouteNeeds, routes_of
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.errors import ConfigurationError

__all__ = ["RouteChecks", "require_routes"]

_log: Final = logging.getLogger("asgi_jwks.requests")

Check = Callable[[Requirement, str], None]
"""`check(requirement, where)` raises ConfigurationError where no token could meet it."""


class RouteChecks:
    """The checks of one application's routes.

    Args:
        app: the application.
        check: holds a requirement against the issuers of the entry point around it.
        is_public: whether tokens are not read on a path: another guard within may do it there.

    Raises:
        ConfigurationError: a route that the application has declares what no token could meet, or
            demands one where none is read.
    """

    def __init__(
        self, app: object, check: Check, is_public: Callable[[Mapping[str, Any]], bool]
    ) -> None:
        self._app: Final = app
        self._check: Final = check
        self._is_public: Final = is_public
        self._is_done = False
        # An error of a constructor does not stop a server when Starlette constructs it late.
        if not _is_built_late(app):
            self._hold(imports=False)

    def require(self) -> None:
        """Hold all routes against the issuers, unless that was done.

        Raises:
            ConfigurationError: as when constructed.
        """
        if not self._is_done:
            self._hold(imports=True)
            self._is_done = True

    def _hold(self, *, imports: bool) -> None:
        require_routes(self._app, self._check, is_public=self._is_public, imports=imports)


def require_routes(
    app: object,
    check: Check,
    *,
    is_public: Callable[[Mapping[str, Any]], bool] = lambda _: False,
    imports: bool = True,
) -> None:
    """Hold the needs of all routes of an application against the issuers.

    Args:
        app: the application.
        check: see RouteChecks.
        is_public: likewise.
        imports: whether routes may be read that are not imported yet.

    Raises:
        ConfigurationError: a route declares what no token could meet, or in a wrong form.
    """
    try:
        found = [*routes_of(app, imports=imports)]
    except ConfigurationError:
        raise
    # Routes may be of any framework: those that cannot be read are refused when they are called.
    except Exception:
        _log.warning(
            "the needs that routes declare cannot be read, and are not held against the trusted "
            "issuers before requests come",
            exc_info=True,
        )
        return
    for route in found:
        if is_public({"path": route.path}):
            _require_other_guard(route)
        else:
            _require(route, check)


def _require_other_guard(route: RouteNeeds) -> None:
    """Refuse a public route whose demand nobody can meet."""
    if route.is_seen_through and any(judge is None for judge, _ in route.needs):
        raise ConfigurationError(
            f"the route {route.path} demands a token, and it is one of public_paths, where tokens "
            "are not read: every request would be refused. Take its path out of public_paths, or "
            "the demand from the route. Where some methods of one path need no token, write "
            "allow_anonymous=True in the place of the public path."
        )


def _require(route: RouteNeeds, check: Check) -> None:
    where = f"the route {route.path}"
    for judge in dict.fromkeys(of for of, _ in route.needs):
        needs = [need for of, need in route.needs if of is judge]
        try:
            together = reduce(and_, needs)
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None
        own: Any = judge
        (check if own is None else own.authorization.require_enforceable)(together, where)


def _is_built_late(app: object) -> bool:
    """Whether Starlette constructs the middleware, with its first call."""
    # Whoever constructs a middleware has it imported: see JWTBearerMiddleware.
    from starlette.middleware.exceptions import ExceptionMiddleware

    return any(isinstance(layer, ExceptionMiddleware) for layer in layers(app))
