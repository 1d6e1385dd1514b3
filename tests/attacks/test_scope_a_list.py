from collections.abc import Callable

from asgi_jwks import Reason


def test_scope_a_list(outcome_of: Callable[[str], object]) -> None:
    """G9: scope as a list."""
    assert outcome_of("scope_a_list") == (401, Reason.INVALID_CLAIM)
