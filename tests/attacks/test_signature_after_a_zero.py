from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_after_a_zero(outcome_of: Callable[[str], object]) -> None:
    """D1: a zero octet before the signature."""
    assert outcome_of("signature_after_a_zero") == (401, Reason.BAD_SIGNATURE)
