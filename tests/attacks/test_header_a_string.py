from collections.abc import Callable

from asgi_jwks import Reason


def test_header_a_string(outcome_of: Callable[[str], object]) -> None:
    """D1: a string for a header."""
    assert outcome_of("header_a_string") == (401, Reason.MALFORMED)
