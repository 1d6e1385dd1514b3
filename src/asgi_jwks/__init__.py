"""asgi-jwks: an OAuth 2.0 resource server as ASGI middleware.

    app = JWTBearerMiddleware(app, issuer="https://example.eu.auth0.com/", audience="my-api")

`requires` guards a route, `AccessTokenVerifier` needs no web framework, `asgi_jwks.providers` has
the presets, `asgi_jwks.integrations.fastapi` the dependency of FastAPI, `asgi_jwks.testing` the
mock issuer.

A name is imported when it is first asked for: the pytest plugin is imported by every test run of
whoever has this package installed, and command line tools by every start.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from asgi_jwks._version import __version__

if TYPE_CHECKING:
    from asgi_jwks.access_token_verifier import AccessTokenVerifier
    from asgi_jwks.asgi.challenge import Refusal
    from asgi_jwks.asgi.guards import requires
    from asgi_jwks.asgi.health_app import health_app
    from asgi_jwks.asgi.identity import access_token, bearer_token
    from asgi_jwks.asgi.middleware import JWTBearerMiddleware
    from asgi_jwks.asgi.refusal_content import ErrorBody, RefusalContent
    from asgi_jwks.asgi.refusals import OnRefused
    from asgi_jwks.asgi.route_refusals import refusal_of
    from asgi_jwks.asgi.token_sources import (
        AuthorizationHeader,
        Cookie,
        TokenSource,
        WebSocketSubprotocol,
    )
    from asgi_jwks.asgi.well_known import ProtectedResourceMetadata
    from asgi_jwks.authorization.requirement import Requirement
    from asgi_jwks.authorization.resource_metadata import ProtectedResource
    from asgi_jwks.binding.certificate_sources import (
        CertificateField,
        CertificateSource,
        ClientCertField,
        EnvoyXFCC,
        TLSExtension,
    )
    from asgi_jwks.binding.dpop_policy import DPoP
    from asgi_jwks.binding.nonce import DPoPNonces
    from asgi_jwks.binding.possession import ProofOfPossession
    from asgi_jwks.binding.replay import ReplayMemory, ReplayStore
    from asgi_jwks.environment import issuer_from_env, settings_from_env
    from asgi_jwks.errors import (
        AsgiJwksError,
        ConfigurationError,
        InsufficientScope,
        InsufficientUserAuthentication,
        InvalidKeySet,
        InvalidProof,
        InvalidRequest,
        InvalidToken,
        KeySetError,
        KeySetUnavailable,
        MissingToken,
        NonceRequired,
        Reason,
        ReplayStoreUnavailable,
        RequestError,
        TemporarilyUnavailable,
        TooManyProofs,
    )
    from asgi_jwks.fetching.response import FetchResponse
    from asgi_jwks.keys.remote import KeySetHealth, RemoteJWKSet
    from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
    from asgi_jwks.tokens.access_token import AccessToken
    from asgi_jwks.tokens.explanation import Explanation
    from asgi_jwks.tokens.grant_claims import GrantClaim, GrantClaims
    from asgi_jwks.tokens.key_source import KeySource
    from asgi_jwks.tokens.kinds import KindRule
    from asgi_jwks.trusted_issuer import IssuerOptions, TrustedIssuer

    Answer = FetchResponse

__all__ = [
    "AccessToken",
    "AccessTokenVerifier",
    "Answer",
    "AsgiJwksError",
    "AuthorizationHeader",
    "CertificateField",
    "CertificateSource",
    "ClientCertField",
    "ConfigurationError",
    "Cookie",
    "DPoP",
    "DPoPNonces",
    "EnvoyXFCC",
    "ErrorBody",
    "Explanation",
    "FetchResponse",
    "GrantClaim",
    "GrantClaims",
    "InsufficientScope",
    "InsufficientUserAuthentication",
    "InvalidKeySet",
    "InvalidProof",
    "InvalidRequest",
    "InvalidToken",
    "IssuerOptions",
    "JWTBearerMiddleware",
    "KeySetError",
    "KeySetHealth",
    "KeySetUnavailable",
    "KeySource",
    "KindRule",
    "MissingToken",
    "NonceRequired",
    "OnRefused",
    "ProofOfPossession",
    "ProtectedResource",
    "ProtectedResourceMetadata",
    "Reason",
    "Refusal",
    "RefusalContent",
    "RemoteJWKSet",
    "ReplayMemory",
    "ReplayStore",
    "ReplayStoreUnavailable",
    "RequestError",
    "Requirement",
    "SharedSecret",
    "StaticJWKSet",
    "TLSExtension",
    "TemporarilyUnavailable",
    "TokenSource",
    "TooManyProofs",
    "TrustedIssuer",
    "WebSocketSubprotocol",
    "__version__",
    "access_token",
    "bearer_token",
    "health_app",
    "issuer_from_env",
    "refusal_of",
    "requires",
    "settings_from_env",
]

_HOME = {
    "AccessToken": "tokens.access_token",
    "AccessTokenVerifier": "access_token_verifier",
    "AsgiJwksError": "errors",
    "AuthorizationHeader": "asgi.token_sources",
    "CertificateField": "binding.certificate_sources",
    "CertificateSource": "binding.certificate_sources",
    "ClientCertField": "binding.certificate_sources",
    "ConfigurationError": "errors",
    "Cookie": "asgi.token_sources",
    "DPoP": "binding.dpop_policy",
    "DPoPNonces": "binding.nonce",
    "EnvoyXFCC": "binding.certificate_sources",
    "ErrorBody": "asgi.refusal_content",
    "Explanation": "tokens.explanation",
    "FetchResponse": "fetching.response",
    "GrantClaim": "tokens.grant_claims",
    "GrantClaims": "tokens.grant_claims",
    "InsufficientScope": "errors",
    "InsufficientUserAuthentication": "errors",
    "InvalidKeySet": "errors",
    "InvalidProof": "errors",
    "InvalidRequest": "errors",
    "InvalidToken": "errors",
    "IssuerOptions": "trusted_issuer",
    "JWTBearerMiddleware": "asgi.middleware",
    "KeySetError": "errors",
    "KeySetHealth": "keys.remote",
    "KeySetUnavailable": "errors",
    "KeySource": "tokens.key_source",
    "KindRule": "tokens.kinds",
    "MissingToken": "errors",
    "NonceRequired": "errors",
    "OnRefused": "asgi.refusals",
    "ProtectedResource": "authorization.resource_metadata",
    "ProtectedResourceMetadata": "asgi.well_known",
    "ProofOfPossession": "binding.possession",
    "Reason": "errors",
    "Refusal": "asgi.challenge",
    "RefusalContent": "asgi.refusal_content",
    "RemoteJWKSet": "keys.remote",
    "ReplayMemory": "binding.replay",
    "ReplayStore": "binding.replay",
    "ReplayStoreUnavailable": "errors",
    "RequestError": "errors",
    "Requirement": "authorization.requirement",
    "SharedSecret": "keys.static",
    "StaticJWKSet": "keys.static",
    "TLSExtension": "binding.certificate_sources",
    "TemporarilyUnavailable": "errors",
    "TokenSource": "asgi.token_sources",
    "TooManyProofs": "errors",
    "TrustedIssuer": "trusted_issuer",
    "WebSocketSubprotocol": "asgi.token_sources",
    "access_token": "asgi.identity",
    "bearer_token": "asgi.identity",
    "health_app": "asgi.health_app",
    "issuer_from_env": "environment",
    "refusal_of": "asgi.route_refusals",
    "requires": "asgi.guards",
    "settings_from_env": "environment",
}

# Names of 0.1 that still work, and the names that replace them.
_RENAMED = {"Answer": "FetchResponse"}


def __getattr__(name: str) -> object:
    new_name = _RENAMED.get(name, name)
    if new_name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[new_name]}"), new_name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME, *_RENAMED]
