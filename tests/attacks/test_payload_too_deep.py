from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_too_deep(outcome_of: Callable[[str], object]) -> None:
    """D10: nested 2,000 levels deep."""
    assert outcome_of("payload_too_deep") == (401, Reason.MALFORMED)
