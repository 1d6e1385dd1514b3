from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_of_one_octet(outcome_of: Callable[[str], object]) -> None:
    """D1: one octet only."""
    assert outcome_of("signature_of_one_octet") == (401, Reason.BAD_SIGNATURE)
