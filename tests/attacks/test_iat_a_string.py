from collections.abc import Callable

from asgi_jwks import Reason


def test_iat_a_string(outcome_of: Callable[[str], object]) -> None:
    """G1: iat as text."""
    assert outcome_of("iat_a_string") == (401, Reason.INVALID_CLAIM)
