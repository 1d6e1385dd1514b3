from collections.abc import Callable

from asgi_jwks import Reason


def test_key_for_encryption(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for encryption."""
    assert outcome_of("key_for_encryption") == (401, Reason.UNKNOWN_KEY)
