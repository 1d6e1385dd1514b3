from collections.abc import Callable

from asgi_jwks import Reason


def test_header_with_two_algs(outcome_of: Callable[[str], object]) -> None:
    """D2: none first, then the right algorithm."""
    assert outcome_of("header_with_two_algs") == (401, Reason.MALFORMED)
