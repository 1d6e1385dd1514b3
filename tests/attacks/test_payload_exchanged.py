from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_exchanged(outcome_of: Callable[[str], object]) -> None:
    """D1: other claims under an old signature."""
    assert outcome_of("payload_exchanged") == (401, Reason.BAD_SIGNATURE)
