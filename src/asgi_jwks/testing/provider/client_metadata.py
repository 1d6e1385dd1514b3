"""Client metadata (RFC 7591, section 2).

A client registers it, or publishes it by itself. This module does not know HTTP.
"""

from collections.abc import Mapping

from asgi_jwks.testing.provider.accounts import Client
from asgi_jwks.testing.provider.authority import Authority
from asgi_jwks.testing.provider.forms import url_parts
from asgi_jwks.testing.provider.oauth_endpoint import Refused

__all__ = [
    "AUTHENTICATION_METHODS",
    "authentication_method",
    "documented_client",
    "known_client",
    "read_client",
]

AUTHENTICATION_METHODS = ("none", "client_secret_basic", "client_secret_post")

_GRANT_TYPES = {"authorization_code", "refresh_token", "client_credentials"}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def authentication_method(metadata: Mapping[str, object]) -> str:
    """How the client will authenticate at the token endpoint.

    Raises:
        Refused: in a way that is not known here.
    """
    method = metadata.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in AUTHENTICATION_METHODS:
        known = ", ".join(AUTHENTICATION_METHODS)
        raise Refused("invalid_client_metadata", f"token_endpoint_auth_method is one of {known}")
    return str(method)


def read_client(
    metadata: Mapping[str, object], *, client_id: str, secret: str | None = None
) -> Client:
    """The client that its metadata describes.

    Raises:
        Refused: a member is missing, of the wrong type, or asks for something unknown.
    """
    uris = _strings(metadata, "redirect_uris", default=())
    if not uris:
        raise Refused("invalid_redirect_uri", "redirect_uris is missing")
    for uri in uris:
        _require_redirect_uri(uri)
    grant_types = _strings(metadata, "grant_types", default=("authorization_code",))
    if not set(grant_types) <= _GRANT_TYPES:
        raise Refused("invalid_client_metadata", "a grant type is not supported")
    if set(_strings(metadata, "response_types", default=("code",))) != {"code"}:
        raise Refused("invalid_client_metadata", "the response type is code")
    scope = metadata.get("scope", "")
    if not isinstance(scope, str):
        raise Refused("invalid_client_metadata", "scope is a string")
    dpop_bound = metadata.get("dpop_bound_access_tokens", False)
    if not isinstance(dpop_bound, bool):
        raise Refused("invalid_client_metadata", "dpop_bound_access_tokens is true or false")
    return Client(client_id, secret, tuple(scope.split()), {}, uris, dpop_bound)


def known_client(client_id: str, issuer: Authority) -> Client | None:
    """The client of this id, whether it registered or published a metadata document.

    None if it did neither.

    Raises:
        Refused: the document must not be used.
    """
    registered = issuer.clients.get(client_id)
    return registered or documented_client(client_id, issuer.client_documents)


def documented_client(
    client_id: str, documents: Mapping[str, Mapping[str, object]]
) -> Client | None:
    """The public client whose id is the URL of its metadata document.

    None if there is no such document (draft-ietf-oauth-client-id-metadata-document, section 4).

    Raises:
        Refused: the document must not be used.
    """
    parts = url_parts(client_id, error="invalid_client")
    if parts.scheme != "https" or client_id not in documents:
        return None
    segments = parts.path.split("/")
    if parts.path in {"", "/"} or "." in segments or ".." in segments:
        raise Refused("invalid_client", "the URL of a client metadata document has a plain path")
    if "#" in client_id or "@" in parts.netloc:
        raise Refused("invalid_client", "the URL of a client has neither fragment nor user")
    document = documents[client_id]
    if document.get("client_id") != client_id:
        raise Refused("invalid_client", "the client_id of the document is not its URL")
    if "client_secret" in document or document.get("token_endpoint_auth_method", "none") != "none":
        raise Refused("invalid_client", "a client that is known by a document has no secret")
    return read_client(document, client_id=client_id)


def _require_redirect_uri(uri: str) -> None:
    """Refuse a redirect URI that is not safe (RFC 8252, section 7)."""
    parts = url_parts(uri, error="invalid_redirect_uri")
    is_safe = (
        parts.scheme == "https"
        or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        # A scheme of the client's own is a domain name of its own, written backwards.
        or "." in parts.scheme
    )
    if not is_safe or "#" in uri:
        raise Refused(
            "invalid_redirect_uri",
            "a redirect URI is https, http on loopback, or of a private scheme, without a fragment",
        )


def _strings(
    metadata: Mapping[str, object], name: str, *, default: tuple[str, ...]
) -> tuple[str, ...]:
    value = metadata.get(name, default)
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise Refused("invalid_client_metadata", f"{name} is an array of strings")
    return tuple(value)
