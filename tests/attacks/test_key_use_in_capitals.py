from collections.abc import Callable

from asgi_jwks import Reason


def test_key_use_in_capitals(outcome_of: Callable[[str], object]) -> None:
    """E2: a use that does not exist."""
    assert outcome_of("key_use_in_capitals") == (401, Reason.UNKNOWN_KEY)
