from collections.abc import Callable

from asgi_jwks import Reason


def test_line_break_in_the_signature(outcome_of: Callable[[str], object]) -> None:
    """D1: a folded token."""
    assert outcome_of("line_break_in_the_signature") == (400, Reason.INVALID_CREDENTIALS)
