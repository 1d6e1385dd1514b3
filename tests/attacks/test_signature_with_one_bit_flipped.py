from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_with_one_bit_flipped(outcome_of: Callable[[str], object]) -> None:
    """D1: one bit of the signature changed."""
    assert outcome_of("signature_with_one_bit_flipped") == (401, Reason.BAD_SIGNATURE)
