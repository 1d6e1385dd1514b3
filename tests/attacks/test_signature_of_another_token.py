from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_of_another_token(outcome_of: Callable[[str], object]) -> None:
    """D1: the signature of another token of the same issuer."""
    assert outcome_of("signature_of_another_token") == (401, Reason.BAD_SIGNATURE)
