from collections.abc import Callable

from asgi_jwks import Reason


def test_iat_null(outcome_of: Callable[[str], object]) -> None:
    """G1: iat null."""
    assert outcome_of("iat_null") == (401, Reason.INVALID_CLAIM)
