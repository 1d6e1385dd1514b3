from collections.abc import Callable

from asgi_jwks import Reason


def test_header_a_list(outcome_of: Callable[[str], object]) -> None:
    """D1: a list for a header."""
    assert outcome_of("header_a_list") == (401, Reason.MALFORMED)
