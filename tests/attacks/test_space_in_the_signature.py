from collections.abc import Callable

from asgi_jwks import Reason


def test_space_in_the_signature(outcome_of: Callable[[str], object]) -> None:
    """D1: white space inside."""
    assert outcome_of("space_in_the_signature") == (400, Reason.INVALID_CREDENTIALS)
