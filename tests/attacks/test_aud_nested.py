from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_nested(outcome_of: Callable[[str], object]) -> None:
    """G6: a list in a list."""
    assert outcome_of("aud_nested") == (401, Reason.INVALID_CLAIM)
