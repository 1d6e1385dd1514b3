from collections.abc import Callable

from asgi_jwks import Reason


def test_two_tokens_after_a_comma(outcome_of: Callable[[str], object]) -> None:
    """A1, A3: two joined fields."""
    assert outcome_of("two_tokens_after_a_comma") == (400, Reason.INVALID_CREDENTIALS)
