from collections.abc import Callable

from asgi_jwks import Reason


def test_sub_a_number(outcome_of: Callable[[str], object]) -> None:
    """G7: a subject that is no string."""
    assert outcome_of("sub_a_number") == (401, Reason.INVALID_CLAIM)
