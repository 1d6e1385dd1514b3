"""The routes of the provider, and its metadata document.

What lives only here: which path answers what, and what the provider says about itself
(RFC 8414; OpenID Connect Discovery 1.0). What it does not know: how each answer is made.
"""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from asgi_jwks.testing.grants import GRANT_TYPES, TokenEndpoint

if TYPE_CHECKING:
    from asgi_jwks.testing.issuer import MockIssuer

__all__ = ["JWKS_PATH", "WELL_KNOWN", "application", "metadata"]

JWKS_PATH = ".well-known/jwks.json"

# Where a metadata document may be: the OpenID Connect suffix, and the insertion of RFC 8414.
WELL_KNOWN = ("openid-configuration", "oauth-authorization-server")


def application(issuer: "MockIssuer") -> Starlette:
    """The provider as an ASGI application, below the path of its issuer identifier."""
    path = urlsplit(issuer.issuer).path.rstrip("/")
    token = TokenEndpoint(issuer)
    routes: list[BaseRoute] = [
        Route(f"{path}/{JWKS_PATH}", issuer.jwks),
        Route(f"{path}/token", token.__call__, methods=["POST"]),
        Route(f"{path}/oauth/token", token.__call__, methods=["POST"]),
    ]
    if "openid-configuration" in issuer.well_known:
        routes.append(Route(f"{path}/.well-known/openid-configuration", issuer.discovery))
    if "oauth-authorization-server" in issuer.well_known:
        routes.append(Route(f"/.well-known/oauth-authorization-server{path}", issuer.discovery))
    return Starlette(routes=routes)


def metadata(issuer: "MockIssuer") -> dict[str, object]:
    """What the provider says about itself. The authorization endpoint is named, not served."""
    url = issuer.url
    return {
        "issuer": issuer.issuer,
        "authorization_endpoint": f"{url}authorize",
        "token_endpoint": f"{url}oauth/token",
        "jwks_uri": issuer.jwks_uri,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "grant_types_supported": ["authorization_code", *GRANT_TYPES],
        "id_token_signing_alg_values_supported": [issuer.signing_key.algorithm],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }
