from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_exponent_a_number(outcome_of: Callable[[str], object]) -> None:
    """E1: an exponent as JSON number."""
    assert outcome_of("rsa_exponent_a_number") == (401, Reason.UNKNOWN_KEY)
