from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_an_object(outcome_of: Callable[[str], object]) -> None:
    """G1: an object."""
    assert outcome_of("exp_an_object") == (401, Reason.INVALID_CLAIM)
