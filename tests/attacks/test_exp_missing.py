from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_missing(outcome_of: Callable[[str], object]) -> None:
    """G2: no exp."""
    assert outcome_of("exp_missing") == (401, Reason.MISSING_CLAIM)
