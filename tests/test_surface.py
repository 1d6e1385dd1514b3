"""The public surface is pinned: whoever changes it changes this list, and the changelog."""

import inspect

import pytest

import asgi_jwks
from asgi_jwks import _version

SURFACE = {
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
}


def test_the_public_names_are_these_and_no_others() -> None:
    assert set(asgi_jwks.__all__) == SURFACE


def test_every_public_name_says_what_it_is() -> None:
    for name in SURFACE:
        value = getattr(asgi_jwks, name)
        # An alias of a type says it where it is written.
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        asgi_jwks.nonsense  # noqa: B018


def test_the_public_names_are_listed_before_they_are_loaded() -> None:
    assert set(dir(asgi_jwks)) >= SURFACE


def test_the_version_is_the_one_that_is_built() -> None:
    assert asgi_jwks.__version__ == _version.__version__
