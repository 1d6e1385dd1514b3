"""One served issuer for the tests of this room, reset after each of them."""

from collections.abc import Iterator

import pytest
from tests.support.inner_runs import kept_modules

from asgi_jwks.testing import MockIssuer

__all__ = ["kept_modules"]


@pytest.fixture
def pytester(kept_modules: None, pytester: pytest.Pytester) -> pytest.Pytester:
    """pytest's own, whose inner runs leave no second copies of modules behind."""
    return pytester


@pytest.fixture(scope="session")
def served_issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer()
    with issuer.serve():
        yield issuer


@pytest.fixture
def issuer(served_issuer: MockIssuer) -> Iterator[MockIssuer]:
    yield served_issuer
    served_issuer.reset()
