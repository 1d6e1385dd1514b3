from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_is_a_hash(outcome_of: Callable[[str], object]) -> None:
    """D1: the SHA-256 of the signing input in place of a signature."""
    assert outcome_of("signature_is_a_hash") == (401, Reason.BAD_SIGNATURE)
