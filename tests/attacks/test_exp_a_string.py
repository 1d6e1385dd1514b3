from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_a_string(outcome_of: Callable[[str], object]) -> None:
    """G1: a number in quotes."""
    assert outcome_of("exp_a_string") == (401, Reason.INVALID_CLAIM)
