"""The routes of the provider, and its metadata document.

RFC 8414, and OpenID Connect Discovery 1.0. It gets the endpoints as arguments and does not know how
they answer.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from asgi_jwks.testing.provider.client_metadata import AUTHENTICATION_METHODS
from asgi_jwks.testing.provider.dpop import PROOF_ALGORITHMS
from asgi_jwks.testing.provider.faulty_endpoint import FaultyEndpoint
from asgi_jwks.testing.provider.grants import GRANT_TYPES

__all__ = ["JWKS_PATH", "WELL_KNOWN", "application", "metadata"]

JWKS_PATH = ".well-known/jwks.json"

# Where a metadata document may be: the OpenID Connect suffix, and the insertion of RFC 8414.
WELL_KNOWN = ("openid-configuration", "oauth-authorization-server")


def application(
    issuer: str,
    *,
    jwks: FaultyEndpoint,
    discovery: FaultyEndpoint,
    token: FaultyEndpoint,
    authorization: FaultyEndpoint,
    registration: FaultyEndpoint,
    well_known: Collection[str],
) -> Starlette:
    """The provider as an ASGI application, below the path of its issuer identifier.

    `well_known` names the forms in which the metadata document is served.
    """
    # An identifier need not be a URL.
    path = f"/{urlsplit(issuer).path.strip('/')}".rstrip("/")
    routes: list[BaseRoute] = [
        Route(f"{path}/{JWKS_PATH}", jwks),
        Route(f"{path}/token", token, methods=["POST"]),
        Route(f"{path}/oauth/token", token, methods=["POST"]),
        Route(f"{path}/authorize", authorization, methods=["GET", "POST"]),
        Route(f"{path}/register", registration, methods=["POST"]),
    ]
    if "openid-configuration" in well_known:
        routes.append(Route(f"{path}/.well-known/openid-configuration", discovery))
    if "oauth-authorization-server" in well_known:
        routes.append(Route(f"/.well-known/oauth-authorization-server{path}", discovery))
    return Starlette(routes=routes)


def metadata(
    issuer: str, *, url: str, algorithm: str, scopes: Collection[str]
) -> dict[str, object]:
    """The metadata document (RFC 8414, section 2) of a provider at `url`.

    It signs ID tokens with `algorithm`, and its users can grant `scopes`.
    """
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{url}authorize",
        "token_endpoint": f"{url}oauth/token",
        "registration_endpoint": f"{url}register",
        "jwks_uri": f"{url}{JWKS_PATH}",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "scopes_supported": list(scopes),
        "grant_types_supported": list(GRANT_TYPES),
        "id_token_signing_alg_values_supported": [algorithm],
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
    }
