from collections.abc import Callable

from asgi_jwks import Reason


def test_empty_header(outcome_of: Callable[[str], object]) -> None:
    """D1: no header."""
    assert outcome_of("empty_header") == (401, Reason.MALFORMED)
