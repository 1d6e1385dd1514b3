from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_with_nul(outcome_of: Callable[[str], object]) -> None:
    """D7: a NUL."""
    assert outcome_of("kid_with_nul") == (401, Reason.UNKNOWN_KEY)
