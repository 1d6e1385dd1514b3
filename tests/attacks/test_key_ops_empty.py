from collections.abc import Callable

from asgi_jwks import Reason


def test_key_ops_empty(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for nothing."""
    assert outcome_of("key_ops_empty") == (401, Reason.UNKNOWN_KEY)
