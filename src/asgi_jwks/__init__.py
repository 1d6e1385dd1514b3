"""asgi-jwks: an OAuth 2.0 resource server as ASGI middleware.

What lives only here: the public surface. A name is imported when it is first asked for: the pytest
plugin is imported by every test run of whoever has this package installed, and command line tools
by every start.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from asgi_jwks._version import __version__

if TYPE_CHECKING:
    from asgi_jwks.asgi.authorization import access_token, requires
    from asgi_jwks.asgi.middleware import JWTBearerMiddleware
    from asgi_jwks.asgi.token_sources import AuthorizationHeader, Cookie, WebSocketSubprotocol
    from asgi_jwks.environment import settings_from_env
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
    from asgi_jwks.fetching.response import Answer
    from asgi_jwks.keys.remote import RemoteJWKSet
    from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
    from asgi_jwks.tokens.access_token import AccessToken
    from asgi_jwks.tokens.verifier import AccessTokenVerifier
    from asgi_jwks.trusted_issuer import TrustedIssuer

__all__ = [
    "AccessToken",
    "AccessTokenVerifier",
    "Answer",
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
    "settings_from_env",
]

_HOME = {
    "AccessToken": "tokens.access_token",
    "AccessTokenVerifier": "tokens.verifier",
    "Answer": "fetching.response",
    "AsgiJwksError": "errors",
    "AuthorizationHeader": "asgi.token_sources",
    "ConfigurationError": "errors",
    "Cookie": "asgi.token_sources",
    "InsufficientScope": "errors",
    "InvalidKeySet": "errors",
    "InvalidRequest": "errors",
    "InvalidToken": "errors",
    "JWTBearerMiddleware": "asgi.middleware",
    "KeySetError": "errors",
    "KeySetUnavailable": "errors",
    "MissingToken": "errors",
    "Reason": "errors",
    "RemoteJWKSet": "keys.remote",
    "RequestError": "errors",
    "SharedSecret": "keys.static",
    "StaticJWKSet": "keys.static",
    "TrustedIssuer": "trusted_issuer",
    "WebSocketSubprotocol": "asgi.token_sources",
    "access_token": "asgi.authorization",
    "requires": "asgi.authorization",
    "settings_from_env": "environment",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
