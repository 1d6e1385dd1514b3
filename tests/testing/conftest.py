"""One served issuer for the tests of this room, reset after each of them."""

from collections.abc import Iterator

import pytest

from asgi_jwks.testing import MockIssuer


@pytest.fixture(scope="session")
def served_issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer()
    with issuer.serve():
        yield issuer


@pytest.fixture
def issuer(served_issuer: MockIssuer) -> Iterator[MockIssuer]:
    yield served_issuer
    served_issuer.reset()
