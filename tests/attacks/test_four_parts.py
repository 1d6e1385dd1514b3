from collections.abc import Callable

from asgi_jwks import Reason


def test_four_parts(outcome_of: Callable[[str], object]) -> None:
    """D1: a fourth part."""
    assert outcome_of("four_parts") == (401, Reason.MALFORMED)
