from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_a_list(outcome_of: Callable[[str], object]) -> None:
    """G1: a list."""
    assert outcome_of("exp_a_list") == (401, Reason.INVALID_CLAIM)
