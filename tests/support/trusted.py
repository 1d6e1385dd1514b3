"""Two issuers that no test changes, and the trust in one of them, with its keys at hand.

They are for tests that are about something else. Each process makes their keys once.
"""

from typing import Any, Final

from asgi_jwks import StaticJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer

__all__ = ["ISSUER", "OTHER", "trusted"]

ISSUER: Final = MockIssuer()
OTHER: Final = MockIssuer(issuer="https://other.example/")


def trusted(of: MockIssuer = ISSUER, **options: Any) -> TrustedIssuer:
    """An issuer as it is trusted, by its name, audience and keys unless `options` say otherwise."""
    usual = {"issuer": of.issuer, "audience": of.audience, "keys": StaticJWKSet(of.jwk_set())}
    return TrustedIssuer(**{**usual, **options})
