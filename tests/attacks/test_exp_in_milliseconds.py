from collections.abc import Callable

from asgi_jwks import Reason


def test_exp_in_milliseconds(outcome_of: Callable[[str], object]) -> None:
    """G1: milliseconds, thousands of years ahead."""
    assert outcome_of("exp_in_milliseconds") == (401, Reason.INVALID_CLAIM)
