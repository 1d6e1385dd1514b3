from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_a_number(outcome_of: Callable[[str], object]) -> None:
    """D1: a number."""
    assert outcome_of("payload_a_number") == (401, Reason.MALFORMED)
