from collections.abc import Callable

from asgi_jwks import Reason


def test_unused_bits(outcome_of: Callable[[str], object]) -> None:
    """D1: bits at the end that carry nothing."""
    assert outcome_of("unused_bits") == (401, Reason.MALFORMED)
