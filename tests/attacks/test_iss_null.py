from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_null(outcome_of: Callable[[str], object]) -> None:
    """G5: issuer null."""
    assert outcome_of("iss_null") == (401, Reason.INVALID_CLAIM)
