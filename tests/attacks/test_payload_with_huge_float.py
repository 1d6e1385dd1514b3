from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_huge_float(outcome_of: Callable[[str], object]) -> None:
    """D10: 1e999."""
    assert outcome_of("payload_with_huge_float") == (401, Reason.MALFORMED)
