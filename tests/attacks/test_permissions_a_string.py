from collections.abc import Callable

from asgi_jwks import Reason


def test_permissions_a_string(outcome_of: Callable[[str], object]) -> None:
    """G9: permissions as a string."""
    assert outcome_of("permissions_a_string") == (401, Reason.INVALID_CLAIM)
