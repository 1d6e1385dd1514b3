from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_extended(outcome_of: Callable[[str], object]) -> None:
    """D1: an octet after the signature."""
    assert outcome_of("signature_extended") == (401, Reason.BAD_SIGNATURE)
