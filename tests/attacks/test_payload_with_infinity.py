from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_infinity(outcome_of: Callable[[str], object]) -> None:
    """D10: minus Infinity."""
    assert outcome_of("payload_with_infinity") == (401, Reason.MALFORMED)
