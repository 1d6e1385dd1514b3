from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_modulus_even(outcome_of: Callable[[str], object]) -> None:
    """E3: a modulus that is divided by 2."""
    assert outcome_of("rsa_modulus_even") == (401, Reason.UNKNOWN_KEY)
