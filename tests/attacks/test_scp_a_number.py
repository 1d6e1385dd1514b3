from collections.abc import Callable

from asgi_jwks import Reason


def test_scp_a_number(outcome_of: Callable[[str], object]) -> None:
    """G9: scp as a number."""
    assert outcome_of("scp_a_number") == (401, Reason.INVALID_CLAIM)
