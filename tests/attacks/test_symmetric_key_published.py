from collections.abc import Callable

from asgi_jwks import Reason


def test_symmetric_key_published(outcome_of: Callable[[str], object]) -> None:
    """D4: HMAC with a secret from the JWK Set."""
    assert outcome_of("symmetric_key_published") == (401, Reason.ALGORITHM_NOT_ALLOWED)
