from collections.abc import Callable

from asgi_jwks import Reason


def test_sub_null(outcome_of: Callable[[str], object]) -> None:
    """G7: subject null."""
    assert outcome_of("sub_null") == (401, Reason.INVALID_CLAIM)
