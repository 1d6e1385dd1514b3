from collections.abc import Callable

from asgi_jwks import Reason


def test_key_ops_a_string(outcome_of: Callable[[str], object]) -> None:
    """E2: operations that are no list."""
    assert outcome_of("key_ops_a_string") == (401, Reason.UNKNOWN_KEY)
