from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_zero(outcome_of: Callable[[str], object]) -> None:
    """G2: the year 1970."""
    assert outcome_of("exp_zero") == (401, Reason.EXPIRED)
