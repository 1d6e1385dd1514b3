from collections.abc import Callable

from asgi_jwks import Reason


def test_header_null(outcome_of: Callable[[str], object]) -> None:
    """D1: null for a header."""
    assert outcome_of("header_null") == (401, Reason.MALFORMED)
