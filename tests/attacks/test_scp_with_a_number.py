from collections.abc import Callable

from asgi_jwks import Reason


def test_scp_with_a_number(outcome_of: Callable[[str], object]) -> None:
    """G9: a number among the scopes."""
    assert outcome_of("scp_with_a_number") == (401, Reason.INVALID_CLAIM)
