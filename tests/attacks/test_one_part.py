from collections.abc import Callable

from asgi_jwks import Reason


def test_one_part(outcome_of: Callable[[str], object]) -> None:
    """D1: the payload alone."""
    assert outcome_of("one_part") == (401, Reason.MALFORMED)
