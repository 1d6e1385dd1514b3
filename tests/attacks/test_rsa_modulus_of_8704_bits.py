from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_modulus_of_8704_bits(outcome_of: Callable[[str], object]) -> None:
    """E3: a modulus that costs time."""
    assert outcome_of("rsa_modulus_of_8704_bits") == (401, Reason.UNKNOWN_KEY)
