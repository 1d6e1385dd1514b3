from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_beyond_all_dates(outcome_of: Callable[[str], object]) -> None:
    """G1: the year 10000."""
    assert outcome_of("exp_beyond_all_dates") == (401, Reason.INVALID_CLAIM)
