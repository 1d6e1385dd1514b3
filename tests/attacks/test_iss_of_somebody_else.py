from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_of_somebody_else(outcome_of: Callable[[str], object]) -> None:
    """G5, E5: another issuer."""
    assert outcome_of("iss_of_somebody_else") == (401, Reason.UNKNOWN_ISSUER)
