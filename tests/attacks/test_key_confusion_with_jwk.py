from collections.abc import Callable

from asgi_jwks import Reason


def test_key_confusion_with_jwk(outcome_of: Callable[[str], object]) -> None:
    """D3, D4: HMAC with the public key as the secret, written as jwk."""
    assert outcome_of("key_confusion_with_jwk") == (401, Reason.ALGORITHM_NOT_ALLOWED)
