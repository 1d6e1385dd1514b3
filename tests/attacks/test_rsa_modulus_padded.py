from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_modulus_padded(outcome_of: Callable[[str], object]) -> None:
    """E1: a modulus in padded base64url."""
    assert outcome_of("rsa_modulus_padded") == (401, Reason.UNKNOWN_KEY)
