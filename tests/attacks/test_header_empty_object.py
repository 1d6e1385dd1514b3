from collections.abc import Callable

from asgi_jwks import Reason


def test_header_empty_object(outcome_of: Callable[[str], object]) -> None:
    """D3: an empty header."""
    assert outcome_of("header_empty_object") == (401, Reason.ALGORITHM_NOT_ALLOWED)
