from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_with_nul(outcome_of: Callable[[str], object]) -> None:
    """G5: a NUL after the issuer."""
    assert outcome_of("iss_with_nul") == (401, Reason.UNKNOWN_ISSUER)
