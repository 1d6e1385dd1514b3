from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_and_dot_stripped(outcome_of: Callable[[str], object]) -> None:
    """D1: neither signature nor dot."""
    assert outcome_of("signature_and_dot_stripped") == (401, Reason.MALFORMED)
