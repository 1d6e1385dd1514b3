"""The declarations of an entry point held against the issuers that it trusts, and requests.

Issuers at construction; a request that is refused by the spelling of its resource.
"""

import logging
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final

from asgi_jwks._printable import quoted
from asgi_jwks.asgi.schemes import schemes_of
from asgi_jwks.authorization.resource_metadata import ProtectedResource, belongs_to
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.issuers import Issuer

__all__ = [
    "difference_of",
    "hint_at_audiences",
    "is_server",
    "mounted_at",
    "note_served",
    "proof_members",
    "require_checked_audiences",
    "require_issuers",
]

_log: Final = logging.getLogger("asgi_jwks.requests")

# The scope key of connections through ProtectedResourceMetadata.
_METADATA_SERVED: Final = "asgi_jwks.metadata_served"


def proof_members(trusted: Sequence[Issuer]) -> dict[str, Any]:
    """The members of metadata about sender-constrained tokens (RFC 9728, section 2)."""
    schemes = schemes_of(trusted)
    return {
        "dpop_signing_alg_values_supported": [*schemes.algorithms],
        "dpop_bound_access_tokens_required": not schemes.takes_bearer,
        "tls_client_certificate_bound_access_tokens": any(
            getattr(issuer.binding, "certificate_sources", ()) for issuer in trusted
        ),
    }


def require_checked_audiences(trusted: Iterable[Issuer], *, option: str) -> None:
    """Refuse to tell clients of an API where its audience is not checked.

    Raises:
        ConfigurationError: an issuer is trusted without an audience.
    """
    for issuer in trusted:
        if issuer.rules.audiences is None:
            raise ConfigurationError(
                f"{option} tells clients to ask {issuer.rules.issuer} for tokens for this API, and "
                "insecure_no_audience=True has no audience checked. Leave one of them out."
            )


def require_issuers(
    resources: Sequence[ProtectedResource], trusted: Sequence[Issuer], *, may_resolve: bool
) -> None:
    """Refuse metadata that name nobody, or an issuer whose tokens are refused here."""
    names = {issuer.rules.issuer for issuer in trusted}
    for resource in resources:
        if resource.issuers is None and not any(map(is_server, names)):
            raise ConfigurationError(
                "resource has metadata that name the issuers, and none of the trusted ones is an "
                "authorization server with a URL. Write ProtectedResource(..., issuers=[...])."
            )
        for name in resource.issuers or ():
            if name in names:
                continue
            if not may_resolve:
                raise ConfigurationError(
                    f"the metadata of {resource.resource} would name the issuer {name!r}, whose "
                    "tokens are refused here. Trust it, or leave it out of issuers=[...]."
                )
            _log.warning(
                "the metadata of %s will name the issuer %s, which is not among those that are "
                "configured: its tokens are refused unless your resolver vouches for it",
                resource.resource,
                name,
            )


def hint_at_audiences(resources: Sequence[ProtectedResource], trusted: Sequence[Issuer]) -> None:
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


def difference_of(resource: ProtectedResource, path: str, scope: Mapping[str, Any]) -> str | None:
    """The part by which a request is not at or below a resource.

    Of the Host field, which nobody has verified, a port is told and another name is not: proxies
    write names anew.
    """
    if path.rstrip("/") == resource.path.rstrip("/"):
        is_same = path == resource.path or {path, resource.path} <= {"", "/"}
        if not is_same:
            return "the slash at the end of the path"
    elif not belongs_to(path, resource.path):
        return "the path"
    host = next((value for name, value in scope.get("headers", ()) if name == b"host"), b"")
    name, port = _name_and_port(host.decode("latin-1").lower())
    known, expected = _name_and_port(resource.resource.split("/")[2])
    return "the port" if name == known and port != expected else None


def note_served(scope: MutableMapping[str, Any]) -> None:
    """Note that the metadata of mounted applications are served, where their URLs come to it."""
    if not _is_mounted(scope):
        scope[_METADATA_SERVED] = True


def mounted_at(scope: Mapping[str, Any]) -> str | None:
    """The path at which an application is mounted in one that serves no metadata."""
    is_served = _METADATA_SERVED in scope or not _is_mounted(scope)
    return None if is_served else scope["root_path"]


def _is_mounted(scope: Mapping[str, Any]) -> bool:
    # Starlette's mounts lengthen the root path, and keep the server's under another name.
    root = scope.get("root_path", "")
    return bool(scope.get("app_root_path", root) != root)


def _name_and_port(host: str) -> tuple[str, str]:
    # RFC 3986, section 3.2.2: an IPv6 address has colons of its own, within brackets.
    name, bracket, rest = host.partition("]")
    if bracket:
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


def is_server(issuer: str) -> bool:
    """Whether an issuer identifier is the URL of an authorization server (RFC 8414, section 2)."""
    return issuer.startswith(("https://", "http://"))
