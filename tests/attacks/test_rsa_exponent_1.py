from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_exponent_1(outcome_of: Callable[[str], object]) -> None:
    """E3: exponent 1: everyone's signature is right."""
    assert outcome_of("rsa_exponent_1") == (401, Reason.UNKNOWN_KEY)
