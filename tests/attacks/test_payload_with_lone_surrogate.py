from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_lone_surrogate(outcome_of: Callable[[str], object]) -> None:
    """D10: half a character."""
    assert outcome_of("payload_with_lone_surrogate") == (401, Reason.MALFORMED)
