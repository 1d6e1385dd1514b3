from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_exponent_zero(outcome_of: Callable[[str], object]) -> None:
    """E3: exponent 0."""
    assert outcome_of("rsa_exponent_zero") == (401, Reason.UNKNOWN_KEY)
