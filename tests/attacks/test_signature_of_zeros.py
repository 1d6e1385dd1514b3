from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_of_zeros(outcome_of: Callable[[str], object]) -> None:
    """D1: zeros: the signature that is 0."""
    assert outcome_of("signature_of_zeros") == (401, Reason.BAD_SIGNATURE)
