from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_of_one(outcome_of: Callable[[str], object]) -> None:
    """D1: the signature that is 1, whose power is 1 with any exponent."""
    assert outcome_of("signature_of_one") == (401, Reason.BAD_SIGNATURE)
