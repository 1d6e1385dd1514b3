"""One issuer with one key, and a verifier whose clock stands still."""

from collections.abc import Callable

import pytest
from tests.support.clock import Clock

from asgi_jwks import AccessTokenVerifier, StaticJWKSet, TrustedIssuer
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.tokens.key_source import KeySource

NOW = 1_700_000_000.0
KEY = SigningKey.generate("RS256", kid="k1")


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def issuer(clock: Clock) -> MockIssuer:
    return MockIssuer(key=KEY, clock=clock, access_lifetime=3600)


@pytest.fixture
def trusted(issuer: MockIssuer) -> Callable[..., TrustedIssuer]:
    """Makes the TrustedIssuer that fits the issuer, with the options given."""

    # Any keyword of TrustedIssuer; object would not fit its many types.
    def trusted(*, keys: KeySource | None = None, **options: object) -> TrustedIssuer:
        given: dict[str, object] = {
            "issuer": issuer.issuer,
            "audience": issuer.audience,
            "keys": keys or StaticJWKSet(issuer.jwk_set()),
            **options,
        }
        return TrustedIssuer(**given)  # type: ignore[arg-type]  # the tests give what it takes

    return trusted


@pytest.fixture
def verifier(trusted: Callable[..., TrustedIssuer], clock: Clock) -> AccessTokenVerifier:
    return AccessTokenVerifier([trusted()], clock=clock)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The signatures that were checked, in order: none for a token that is remembered."""
    signatures: list[bytes] = []
    verify = VerificationKey.verify

    def noted(key: VerificationKey, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        signatures.append(signature)
        return verify(key, algorithm, signing_input, signature)

    monkeypatch.setattr(VerificationKey, "verify", noted)
    return signatures
