from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_modulus_of_1024_bits(outcome_of: Callable[[str], object]) -> None:
    """E3: a modulus that can be factored."""
    assert outcome_of("rsa_modulus_of_1024_bits") == (401, Reason.UNKNOWN_KEY)
