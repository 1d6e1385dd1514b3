from collections.abc import Callable

from asgi_jwks import Reason


def test_key_confusion_by_hs512(outcome_of: Callable[[str], object]) -> None:
    """D3, D4: HMAC-SHA-512 with the public key."""
    assert outcome_of("key_confusion_by_hs512") == (401, Reason.ALGORITHM_NOT_ALLOWED)
