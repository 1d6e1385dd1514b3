from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_negative(outcome_of: Callable[[str], object]) -> None:
    """G2: before 1970."""
    assert outcome_of("exp_negative") == (401, Reason.EXPIRED)
