from collections.abc import Callable

from asgi_jwks import Reason


def test_signature_stripped(outcome_of: Callable[[str], object]) -> None:
    """D1: no signature after the last dot."""
    assert outcome_of("signature_stripped") == (401, Reason.MALFORMED)
