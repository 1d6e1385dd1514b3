from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_exponent_missing(outcome_of: Callable[[str], object]) -> None:
    """E1: no exponent."""
    assert outcome_of("rsa_exponent_missing") == (401, Reason.UNKNOWN_KEY)
