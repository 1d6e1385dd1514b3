from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_true(outcome_of: Callable[[str], object]) -> None:
    """G1: true, which Python takes for 1."""
    assert outcome_of("exp_true") == (401, Reason.INVALID_CLAIM)
