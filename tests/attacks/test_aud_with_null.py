from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_with_null(outcome_of: Callable[[str], object]) -> None:
    """G6: a list with null."""
    assert outcome_of("aud_with_null") == (401, Reason.INVALID_CLAIM)
