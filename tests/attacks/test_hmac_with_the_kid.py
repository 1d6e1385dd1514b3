from collections.abc import Callable

from asgi_jwks import Reason


def test_hmac_with_the_kid(outcome_of: Callable[[str], object]) -> None:
    """D3, D7: HMAC, the key id as the secret."""
    assert outcome_of("hmac_with_the_kid") == (401, Reason.ALGORITHM_NOT_ALLOWED)
