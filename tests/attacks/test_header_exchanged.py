from collections.abc import Callable

from asgi_jwks import Reason


def test_header_exchanged(outcome_of: Callable[[str], object]) -> None:
    """D1: another header under an old signature."""
    assert outcome_of("header_exchanged") == (401, Reason.BAD_SIGNATURE)
