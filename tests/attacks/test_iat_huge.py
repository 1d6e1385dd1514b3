from collections.abc import Callable

from asgi_jwks import Reason


def test_iat_huge(outcome_of: Callable[[str], object]) -> None:
    """G1, D10: iat of 400 digits."""
    assert outcome_of("iat_huge") == (401, Reason.INVALID_CLAIM)
