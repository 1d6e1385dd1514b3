from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_null(outcome_of: Callable[[str], object]) -> None:
    """G1, G2: null."""
    assert outcome_of("exp_null") == (401, Reason.INVALID_CLAIM)
