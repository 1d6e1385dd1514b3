from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_beyond_the_modulus(outcome_of: Callable[[str], object]) -> None:
    """D1: all bits set."""
    assert outcome_of("signature_beyond_the_modulus") == (401, Reason.BAD_SIGNATURE)
