"""A mock issuer on loopback, shared by the tests of this room."""

from collections.abc import Iterator

import pytest

from asgi_jwks.testing import MockIssuer


@pytest.fixture(scope="module")
def served_issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(algorithm="ES256")
    with issuer.serve():
        yield issuer


@pytest.fixture
def issuer(served_issuer: MockIssuer) -> Iterator[MockIssuer]:
    yield served_issuer
    served_issuer.reset()
