from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_missing(outcome_of: Callable[[str], object]) -> None:
    """G5: no iss."""
    assert outcome_of("iss_missing") == (401, Reason.MISSING_CLAIM)
