from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_twice(outcome_of: Callable[[str], object]) -> None:
    """D1: the signature twice."""
    assert outcome_of("signature_twice") == (401, Reason.BAD_SIGNATURE)
