from collections.abc import Callable

from asgi_jwks import Reason


def test_key_confusion_with_pem_without_end(outcome_of: Callable[[str], object]) -> None:
    """D3, D4: HMAC with the public key as the secret, written as pem without end."""
    assert outcome_of("key_confusion_with_pem_without_end") == (401, Reason.ALGORITHM_NOT_ALLOWED)
