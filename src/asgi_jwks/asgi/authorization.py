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
from asgi_jwks.asgi.declared import needs_at, needs_of
from asgi_jwks.asgi.schemes import schemes_of
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        trusted = tuple(issuers)
        self.requirement: Final = None if requires is None else _demanded(requires)
        if self.requirement is not None and allow_anonymous:
            raise ConfigurationError(
                "requires=... refuses every request without a token, and allow_anonymous=True lets "
                "them through. Leave one of them out, or demand it of the routes that need it."
            )
        if self.requirement is not None and trusted:
            _require_provers(self.requirement, trusted)
        self.resources: Final = () if resource is None else protected_resources(resource)
        if self.resources:
            _require_audiences(trusted)
            _require_issuers(self.resources, trusted)
            _hint_at_audiences(self.resources, trusted)
        needed = self.requirement
        if self.resources and needed and OFFLINE_ACCESS in needed.named_scopes:
            raise ConfigurationError(
                "requires has offline_access, which clients ask for to stay logged in: a resource "
                "has no use for it, and its metadata may not name it. Leave it out."
            )
        self.clock: Final = clock
        self._hierarchy: Final = None if implied_scopes is None else ScopeHierarchy(implied_scopes)
        self._grants: Final = {issuer.rules.issuer: issuer.rules.grants for issuer in trusted}
        self._issuers: Final = tuple(name for name in self._grants if _is_server(name))
        self._proofs: Final = _proofs(trusted)
        # RFC 6750 is about tokens that need no proof.
        takes_bearer = not self._proofs["dpop_bound_access_tokens_required"]
        self._methods: Final = tuple(methods) if takes_bearer else ()
        self._app: Final = app
        self._hinted_at_path = False
        self.scopes_of: Final[ScopesOf] = (
            self._with_implied if self._hierarchy else granted_scopes_of
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
        if not self._hinted_at_path and not belongs_to(path, found.path):
            self._hint_at_path(path, found)
        return found.metadata_url

    def _hint_at_path(self, path: str, resource: ProtectedResource) -> None:
        self._hinted_at_path = True
        _log.warning(
            "a request for %s was refused with the metadata of %s, whose path it is not below: "
            "clients refuse the metadata of another resource (RFC 9728, section 3.3); write "
            "resource=... with the path that clients use, unless a proxy takes it away",
            quoted(path),
            quoted(resource.resource),
        )

    def metadata(self, resource: ProtectedResource, app: object = None) -> dict[str, Any]:
        """The metadata of a resource, by the rules that are enforced.

        Args:
            resource: one of `resources`.
            app: the application whose routes declare needs, where it was not known before.
        """
        sole = len(self.resources) == 1
        needs = [] if self.requirement is None else [self.requirement]
        needs += [
            need
            for path, need in needs_of(app or self._app)
            if sole or belongs_to(path, resource.path)
        ]
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


def _require_provers(requirement: Requirement, trusted: Sequence[Issuer]) -> None:
    """Refuse a binding that no trusted issuer's tokens could prove."""
    policies = [getattr(issuer, "binding", None) for issuer in trusted]
    gateway = any(issuer.rules.gateway_proves_binding for issuer in trusted)
    provers = {
        "dpop": (
            any(_dpop(policy) for policy in policies),
            'dpop=DPoP(public_origin="https://...")',
        ),
        "certificate": (any(map(_certificates, policies)), "certificate_sources=[...]"),
    }
    for binding in requirement.bindings:
        is_proved, option = provers[binding]
        if not is_proved and not gateway:
            raise ConfigurationError(
                f"requires demands binding={binding!r}, and no issuer has {option}: every request "
                "would be refused."
            )


def _dpop(policy: object) -> bool:
    return getattr(policy, "dpop", None) is not None


def _certificates(policy: object) -> bool:
    return bool(getattr(policy, "certificate_sources", ()))


def _proofs(trusted: Sequence[Issuer]) -> dict[str, Any]:
    """The members of metadata about sender-constrained tokens (RFC 9728, section 2)."""
    schemes = schemes_of(trusted)
    return {
        "dpop_signing_alg_values_supported": [*schemes.algorithms],
        "dpop_bound_access_tokens_required": not schemes.takes_bearer,
        "tls_client_certificate_bound_access_tokens": any(
            _certificates(getattr(issuer, "binding", None)) for issuer in trusted
        ),
    }


def _require_audiences(trusted: Sequence[Issuer]) -> None:
    for issuer in trusted:
        if issuer.rules.audiences is None:
            raise ConfigurationError(
                f"resource tells clients to ask {issuer.rules.issuer} for tokens for this API, and "
                "insecure_no_audience=True has no audience checked. Leave one of them out."
            )


def _require_issuers(resources: Sequence[ProtectedResource], trusted: Sequence[Issuer]) -> None:
    names = {issuer.rules.issuer for issuer in trusted}
    for resource in resources:
        if resource.issuers is None and not any(map(_is_server, names)):
            raise ConfigurationError(
                "resource has metadata that name the issuers, and none of the trusted ones is an "
                "authorization server with a URL. Write ProtectedResource(..., issuers=[...])."
            )
        for name in resource.issuers or ():
            if name not in names:
                _log.warning(
                    "the metadata of %s will name the issuer %s, which is not among those that are "
                    "configured: its tokens are refused unless your resolver vouches for it",
                    resource.resource,
                    name,
                )


def _hint_at_audiences(resources: Sequence[ProtectedResource], trusted: Sequence[Issuer]) -> None:
    """Tell of an audience that differs from a resource by its spelling alone."""
    for resource in resources:
        for issuer in trusted:
            for audience in issuer.rules.audiences or ():
                if audience != resource.resource and _alike(audience, resource.resource):
                    _log.warning(
                        "clients ask %s for tokens for the resource %s (RFC 8707), and the "
                        "audience here is %s: they differ by their spelling, so that such "
                        "tokens are refused; write one of them as the other",
                        issuer.rules.issuer,
                        quoted(resource.resource),
                        quoted(audience),
                    )


def _alike(first: str, second: str) -> bool:
    return _spelling(first) == _spelling(second)


def _spelling(url: str) -> str:
    rest = url.lower().partition("://")[2] or url.lower()
    host, _, path = rest.partition("/")
    return f"{host.removesuffix(':443').removesuffix(':80')}/{path}".rstrip("/")


def _is_server(issuer: str) -> bool:
    return issuer.startswith(("https://", "http://"))


_NO_GRANTS: Final[frozenset[str]] = frozenset()
DEFAULT_AUTHORIZATION: Final = Authorization()
