from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_a_list(outcome_of: Callable[[str], object]) -> None:
    """D1: a list."""
    assert outcome_of("payload_a_list") == (401, Reason.MALFORMED)
