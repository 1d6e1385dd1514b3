from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_huge(outcome_of: Callable[[str], object]) -> None:
    """G1, D10: 400 digits."""
    assert outcome_of("exp_huge") == (401, Reason.INVALID_CLAIM)
