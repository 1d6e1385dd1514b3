from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_very_long(outcome_of: Callable[[str], object]) -> None:
    """D1: a signature of 8,000 octets."""
    assert outcome_of("signature_very_long") == (401, Reason.BAD_SIGNATURE)
