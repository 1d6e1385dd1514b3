from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_with_a_number(outcome_of: Callable[[str], object]) -> None:
    """G6: a list with a number."""
    assert outcome_of("aud_with_a_number") == (401, Reason.INVALID_CLAIM)
