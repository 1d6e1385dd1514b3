from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_null(outcome_of: Callable[[str], object]) -> None:
    """G6: audience null."""
    assert outcome_of("aud_null") == (401, Reason.INVALID_CLAIM)
