from collections.abc import Callable

from asgi_jwks import Reason


def test_key_confusion_with_pkcs1(outcome_of: Callable[[str], object]) -> None:
    """D3, D4: HMAC with the public key as the secret, written as pkcs1."""
    assert outcome_of("key_confusion_with_pkcs1") == (401, Reason.ALGORITHM_NOT_ALLOWED)
