from collections.abc import Callable

from asgi_jwks import Reason


def test_iss_very_long(outcome_of: Callable[[str], object]) -> None:
    """G5, H4: an issuer of 4,000 letters."""
    assert outcome_of("iss_very_long") == (401, Reason.UNKNOWN_ISSUER)
