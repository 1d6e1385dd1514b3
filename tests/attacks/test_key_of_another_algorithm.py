from collections.abc import Callable

from asgi_jwks import Reason


def test_key_of_another_algorithm(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for RS512 under RS256."""
    assert outcome_of("key_of_another_algorithm") == (401, Reason.UNKNOWN_KEY)
