from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_twice(outcome_of: Callable[[str], object]) -> None:
    """D1: two objects."""
    assert outcome_of("payload_twice") == (401, Reason.MALFORMED)
