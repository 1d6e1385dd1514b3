from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_truncated(outcome_of: Callable[[str], object]) -> None:
    """D1: the last octet missing."""
    assert outcome_of("signature_truncated") == (401, Reason.BAD_SIGNATURE)
