from collections.abc import Callable

from asgi_jwks import Reason


def test_permissions_with_a_list(outcome_of: Callable[[str], object]) -> None:
    """G9: a list among the permissions."""
    assert outcome_of("permissions_with_a_list") == (401, Reason.INVALID_CLAIM)
