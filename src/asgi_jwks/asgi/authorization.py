"""`Authorization`: the declarations of an entry point beyond who may connect.

The needs of the whole application, the scopes that others imply, and the resources whose metadata
clients find. It judges no token by itself and answers nothing.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypedDict

from asgi_jwks._options import require_names
from asgi_jwks._printable import quoted
from asgi_jwks.asgi.connection_needs import needs_at
from asgi_jwks.asgi.declaration_log import DeclarationLog
from asgi_jwks.asgi.enforceable import require_enforceable
from asgi_jwks.asgi.resource_checks import (
    hint_at_audiences,
    is_server,
    proof_members,
    require_checked_audiences,
    require_issuers,
)
from asgi_jwks.asgi.route_needs import needs_of
from asgi_jwks.asgi.types import Scope
from asgi_jwks.authorization.requirement import (
    Requirement,
    ScopesOf,
    combined,
    granted_scopes_of,
)
from asgi_jwks.authorization.requirement_parts import Names
from asgi_jwks.authorization.resource_metadata import (
    OFFLINE_ACCESS,
    ProtectedResource,
    belongs_to,
    protected_resources,
    resource_at,
)
from asgi_jwks.authorization.scope_hierarchy import ScopeHierarchy
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuers import Issuer

__all__ = ["DEFAULT_AUTHORIZATION", "Authorization", "AuthorizationOptions", "Demand", "Resource"]

_log: Final = logging.getLogger("asgi_jwks.requests")

Demand = Requirement | Names
"""A Requirement, or scopes of which all are needed."""

Resource = str | ProtectedResource
"""A resource, or its URL alone."""


class AuthorizationOptions(TypedDict, total=False):
    """The options for the needs of requests, and for clients that ask for them beforehand."""

    requires: Demand | None
    """the needs of every request that is not public: scopes, or a Requirement"""
    implied_scopes: Mapping[str, Names] | None
    """scopes that others imply: `{"orders:write": ["orders:read"]}`"""
    resource: Resource | Sequence[Resource] | None
    """the URL of this API, or several ProtectedResource objects: their metadata are served (RFC
    9728), and challenges name them"""


class Authorization:
    """See the module.

    Args:
        issuers: those that are trusted.
        requires, implied_scopes, resource: see AuthorizationOptions.
        app: the application whose routes may declare needs.
        methods: the ways to present a token, as metadata name them.
        allow_anonymous: whether requests without a token pass.
        may_resolve: whether a resolver may vouch for other issuers.
        clock: seconds since the epoch, for the age of logins.

    Raises:
        ConfigurationError: an option is wrong; the message says what to write.
    """

    def __init__(
        self,
        *,
        issuers: Iterable[Issuer] = (),
        requires: Demand | None = None,
        implied_scopes: Mapping[str, Names] | None = None,
        resource: Resource | Sequence[Resource] | None = None,
        app: object = None,
        methods: Sequence[str] = (),
        allow_anonymous: bool = False,
        may_resolve: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        trusted = tuple(issuers)
        self.requirement: Final = None if requires is None else _demanded(requires)
        if self.requirement is not None and allow_anonymous:
            raise ConfigurationError(
                "requires=... refuses every request without a token, and allow_anonymous=True lets "
                "them through. Leave one of them out, or demand it of the routes that need it."
            )
        self._known: Final = () if may_resolve else trusted
        if self.requirement is not None:
            require_enforceable(self.requirement, self._known)
        self.resources: Final = () if resource is None else protected_resources(resource)
        if self.resources:
            require_checked_audiences(trusted, option="resource")
            require_issuers(self.resources, trusted, may_resolve=may_resolve)
            hint_at_audiences(self.resources, trusted)
        if self.requirement is not None:
            self._require_no_offline_access(self.requirement, "requires")
        self._mistakes: Final = DeclarationLog()
        self.clock: Final = clock
        self._hierarchy: Final = None if implied_scopes is None else ScopeHierarchy(implied_scopes)
        self._grants: Final = {issuer.rules.issuer: issuer.rules.grants for issuer in trusted}
        self._issuers: Final = tuple(name for name in self._grants if is_server(name))
        self._proofs: Final = proof_members(trusted)
        # RFC 6750 is about tokens that need no proof.
        takes_bearer = not self._proofs["dpop_bound_access_tokens_required"]
        self._methods: Final = tuple(methods) if takes_bearer else ()
        self._app: Final = app
        self.scopes_of: Final[ScopesOf] = (
            self._with_implied if self._hierarchy else granted_scopes_of
        )

    def require_enforceable(self, requirement: Requirement, where: str) -> None:
        """Refuse a requirement of a route that no token could meet which comes here.

        Raises:
            ConfigurationError: the message says why, and names the place.
        """
        try:
            both = requirement if self.requirement is None else self.requirement & requirement
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}, and requires of all: {error}") from None
        require_enforceable(both, self._known, where=where)
        self._require_no_offline_access(requirement, where)

    def tell_if_unenforceable(self, requirement: Requirement) -> None:
        """Log a requirement that no token could meet, of a guard in no route table.

        It is called when a guard refuses a request for the first time.
        """
        try:
            self.require_enforceable(requirement, "a guard within the application")
        except ConfigurationError as error:
            self._mistakes.unenforceable(error)

    def tell_of_public_path(self, scope: Mapping[str, Any]) -> None:
        """Log a demand that was made on a public path, where nobody can meet it.

        It is called for each anonymous request that is refused on such a path.
        """
        self._mistakes.demand_on_public_path(scope)

    def _require_no_offline_access(self, requirement: Requirement, where: str) -> None:
        if self.resources and OFFLINE_ACCESS in requirement.named_scopes:
            raise ConfigurationError(
                f"{where} demands offline_access, which clients ask for to stay logged in: a "
                "resource has no use for it, and neither its challenges nor its metadata may name "
                "it. Leave it out."
            )

    def named_scopes(self, scope: Scope) -> tuple[str, ...]:
        """The scopes that a request needs, as far as they are declared."""
        needs = [] if self.requirement is None else [self.requirement]
        if self._app is not None:
            try:
                needs += needs_at(self._app, scope)
            # Routes may be of any framework: that they cannot be read makes no 500 of a refusal.
            except Exception:
                _log.debug("the needs of a route cannot be read", exc_info=True)
        if not needs:
            return ()
        return tuple(dict.fromkeys(name for need in needs for name in need.named_scopes))

    def metadata_url(self, scope: Scope) -> str | None:
        """The URL of the metadata of the resource that a request is for."""
        if not self.resources:
            return None
        path = scope.get("path", "")
        query = scope.get("query_string", b"").decode("latin-1")
        found = resource_at(self.resources, path, query)
        if found is None:
            return None
        self._mistakes.named_resource(found, path, scope)
        return found.metadata_url

    def metadata(self, resource: ProtectedResource, app: object = None) -> dict[str, Any]:
        """The metadata of a resource, by the rules that are enforced.

        Args:
            resource: one of `resources`.
            app: the application whose routes declare needs, where it was not known before.
        """
        sole = len(self.resources) == 1
        needs = [] if self.requirement is None else [self.requirement]
        try:
            needs += [
                need
                for path, need in needs_of(app or self._app)
                if sole or belongs_to(path, resource.path)
            ]
        # As above: clients find the issuers all the same.
        except Exception:
            _log.warning(
                "the scopes that routes declare cannot be read, and the metadata of %s will not "
                "name them; write ProtectedResource(..., scopes=[...])",
                quoted(resource.resource),
                exc_info=True,
            )
        return resource.metadata(
            issuers=self._issuers,
            scopes=[name for need in needs for name in need.named_scopes],
            methods=self._methods,
            proofs=self._proofs,
        )

    def _with_implied(self, token: AccessToken) -> Collection[str]:
        granted = token.scopes
        implied = self._hierarchy.implied_by(granted) if self._hierarchy else ()
        if not implied:
            return granted
        # Of an issuer that is resolved it is not known here how far its authority goes.
        grants = self._grants.get(token.issuer, _NO_GRANTS)
        return {*granted, *(implied if grants is None else implied & grants)}


def _demanded(demand: object) -> Requirement:
    if isinstance(demand, Requirement):
        return demand
    # A guard has one.
    inner = getattr(demand, "requirement", None)
    if isinstance(inner, Requirement):
        return inner
    return combined(require_names("requires", demand, example="orders:read"), {})


_NO_GRANTS: Final[frozenset[str]] = frozenset()
DEFAULT_AUTHORIZATION: Final = Authorization()
