from collections.abc import Callable

from asgi_jwks import Reason


def test_scope_null(outcome_of: Callable[[str], object]) -> None:
    """G9: scope null."""
    assert outcome_of("scope_null") == (401, Reason.INVALID_CLAIM)
