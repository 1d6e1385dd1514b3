from collections.abc import Callable

from asgi_jwks import Reason


def test_key_ops_sign(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for signing alone."""
    assert outcome_of("key_ops_sign") == (401, Reason.UNKNOWN_KEY)
