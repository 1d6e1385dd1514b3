"""A mock identity provider for tests and demos, with real keys, sockets and faults.

The public surface of this room. A name is imported when it is first asked for, so that the pytest
plugin costs a test run nothing that it does not use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_jwks.testing import forgery as forge
    from asgi_jwks.testing.certificates import ClientCertificate
    from asgi_jwks.testing.loopback import LoopbackServer, serve_app
    from asgi_jwks.testing.proofs import ProofKey
    from asgi_jwks.testing.proofs_auth import DPoPAuth
    from asgi_jwks.testing.provider.endpoint import Endpoint
    from asgi_jwks.testing.provider.faulty_endpoint import RecordedRequest
    from asgi_jwks.testing.provider.mock_issuer import MockIssuer
    from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = [
    "ClientCertificate",
    "DPoPAuth",
    "Endpoint",
    "LoopbackServer",
    "MockIssuer",
    "ProofKey",
    "RecordedRequest",
    "SigningKey",
    "forge",
    "serve_app",
]

_HOME = {
    "ClientCertificate": "certificates",
    "DPoPAuth": "proofs_auth",
    "Endpoint": "provider.endpoint",
    "LoopbackServer": "loopback",
    "MockIssuer": "provider.mock_issuer",
    "ProofKey": "proofs",
    "RecordedRequest": "provider.faulty_endpoint",
    "SigningKey": "provider.signing_keys",
    "serve_app": "loopback",
}


def __getattr__(name: str) -> object:
    if name == "forge":
        return import_module("asgi_jwks.testing.forgery")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"asgi_jwks.testing.{_HOME[name]}"), name)
    return value
