from collections.abc import Callable

from asgi_jwks import Reason


def test_two_tokens_after_a_space(outcome_of: Callable[[str], object]) -> None:
    """A1, A4: two good tokens in one field."""
    assert outcome_of("two_tokens_after_a_space") == (400, Reason.INVALID_CREDENTIALS)
