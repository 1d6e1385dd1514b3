"""The routes of the provider, and its metadata document.

RFC 8414, and OpenID Connect Discovery 1.0. It gets the endpoints as arguments and does not know how
they answer.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from asgi_jwks.testing.provider.endpoint import Endpoint
from asgi_jwks.testing.provider.grants import GRANT_TYPES, TokenEndpoint

__all__ = ["JWKS_PATH", "WELL_KNOWN", "application", "metadata"]

JWKS_PATH = ".well-known/jwks.json"

# Where a metadata document may be: the OpenID Connect suffix, and the insertion of RFC 8414.
WELL_KNOWN = ("openid-configuration", "oauth-authorization-server")


def application(
    issuer: str,
    *,
    jwks: Endpoint,
    discovery: Endpoint,
    token: TokenEndpoint,
    well_known: Collection[str],
) -> Starlette:
    """The provider as an ASGI application, below the path of its issuer identifier.

    `well_known` names the forms in which the metadata document is served.
    """
    path = urlsplit(issuer).path.rstrip("/")
    routes: list[BaseRoute] = [
        Route(f"{path}/{JWKS_PATH}", jwks),
        Route(f"{path}/token", token.__call__, methods=["POST"]),
        Route(f"{path}/oauth/token", token.__call__, methods=["POST"]),
    ]
    if "openid-configuration" in well_known:
        routes.append(Route(f"{path}/.well-known/openid-configuration", discovery))
    if "oauth-authorization-server" in well_known:
        routes.append(Route(f"/.well-known/oauth-authorization-server{path}", discovery))
    return Starlette(routes=routes)


def metadata(issuer: str, *, url: str, algorithm: str) -> dict[str, object]:
    """The metadata document of a provider at `url` that signs ID tokens with `algorithm`.

    The authorization endpoint is named, not served.
    """
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{url}authorize",
        "token_endpoint": f"{url}oauth/token",
        "jwks_uri": f"{url}{JWKS_PATH}",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "grant_types_supported": ["authorization_code", *GRANT_TYPES],
        "id_token_signing_alg_values_supported": [algorithm],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }
