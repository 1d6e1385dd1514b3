from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_empty(outcome_of: Callable[[str], object]) -> None:
    """D1: nothing."""
    assert outcome_of("payload_empty") == (401, Reason.MALFORMED)
