from collections.abc import Callable

from asgi_jwks import Reason


def test_elliptic_key_off_its_curve(outcome_of: Callable[[str], object]) -> None:
    """E1: a point not on the curve."""
    assert outcome_of("elliptic_key_off_its_curve") == (401, Reason.UNKNOWN_KEY)
