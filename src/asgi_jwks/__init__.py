"""asgi-jwks: an OAuth 2.0 resource server as ASGI middleware."""

from asgi_jwks._version import __version__
from asgi_jwks.asgi.authorization import access_token, requires
from asgi_jwks.asgi.bearer import AuthorizationHeader, Cookie, WebSocketSubprotocol
from asgi_jwks.asgi.middleware import JWTBearerMiddleware
from asgi_jwks.errors import (
    AsgiJwksError,
    ConfigurationError,
    InsufficientScope,
    InvalidKeySet,
    InvalidRequest,
    InvalidToken,
    KeySetError,
    KeySetUnavailable,
    MissingToken,
    Reason,
    RequestError,
)
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.verifier import AccessTokenVerifier
from asgi_jwks.trust import TrustedIssuer

__all__ = [
    "AccessToken",
    "AccessTokenVerifier",
    "AsgiJwksError",
    "AuthorizationHeader",
    "ConfigurationError",
    "Cookie",
    "InsufficientScope",
    "InvalidKeySet",
    "InvalidRequest",
    "InvalidToken",
    "JWTBearerMiddleware",
    "KeySetError",
    "KeySetUnavailable",
    "MissingToken",
    "Reason",
    "RemoteJWKSet",
    "RequestError",
    "SharedSecret",
    "StaticJWKSet",
    "TrustedIssuer",
    "WebSocketSubprotocol",
    "__version__",
    "access_token",
    "requires",
]
