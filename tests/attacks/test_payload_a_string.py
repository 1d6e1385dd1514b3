from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_a_string(outcome_of: Callable[[str], object]) -> None:
    """D1: a string."""
    assert outcome_of("payload_a_string") == (401, Reason.MALFORMED)
