from collections.abc import Callable

from asgi_jwks import Reason


def test_key_ops_twice(outcome_of: Callable[[str], object]) -> None:
    """E2: an operation that is listed twice."""
    assert outcome_of("key_ops_twice") == (401, Reason.UNKNOWN_KEY)
