from collections.abc import Callable

from asgi_jwks import Reason


def test_sub_a_list(outcome_of: Callable[[str], object]) -> None:
    """G7: a list of subjects."""
    assert outcome_of("sub_a_list") == (401, Reason.INVALID_CLAIM)
