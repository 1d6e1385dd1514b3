from collections.abc import Callable

from asgi_jwks import Reason


def test_line_break_in_the_token(outcome_of: Callable[[str], object]) -> None:
    """A1, B5: response splitting: a header field after the token."""
    assert outcome_of("line_break_in_the_token") == (400, Reason.INVALID_CREDENTIALS)
