from collections.abc import Callable

from asgi_jwks import Reason


def test_key_ops_encrypt(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for encrypting alone."""
    assert outcome_of("key_ops_encrypt") == (401, Reason.UNKNOWN_KEY)
