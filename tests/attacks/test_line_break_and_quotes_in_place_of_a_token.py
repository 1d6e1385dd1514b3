from collections.abc import Callable

from asgi_jwks import Reason


def test_line_break_and_quotes_in_place_of_a_token(outcome_of: Callable[[str], object]) -> None:
    """A8, B4, B5: header injection by an error text that quotes the token."""
    assert outcome_of("line_break_and_quotes_in_place_of_a_token") == (
        400,
        Reason.INVALID_CREDENTIALS,
    )
