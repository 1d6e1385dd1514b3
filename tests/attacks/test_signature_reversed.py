from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_reversed(outcome_of: Callable[[str], object]) -> None:
    """D1: the signature backwards."""
    assert outcome_of("signature_reversed") == (401, Reason.BAD_SIGNATURE)
