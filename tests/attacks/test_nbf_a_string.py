from collections.abc import Callable

from asgi_jwks import Reason


def test_nbf_a_string(outcome_of: Callable[[str], object]) -> None:
    """G1: nbf as text."""
    assert outcome_of("nbf_a_string") == (401, Reason.INVALID_CLAIM)
