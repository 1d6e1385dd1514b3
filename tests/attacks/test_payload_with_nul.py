from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_nul(outcome_of: Callable[[str], object]) -> None:
    """D1: a NUL at the end."""
    assert outcome_of("payload_with_nul") == (401, Reason.MALFORMED)
