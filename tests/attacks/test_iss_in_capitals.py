from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_in_capitals(outcome_of: Callable[[str], object]) -> None:
    """G5: the issuer in capitals."""
    assert outcome_of("iss_in_capitals") == (401, Reason.UNKNOWN_ISSUER)
