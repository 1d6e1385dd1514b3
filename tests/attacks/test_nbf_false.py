from collections.abc import Callable

from asgi_jwks import Reason


def test_nbf_false(outcome_of: Callable[[str], object]) -> None:
    """G1: nbf false."""
    assert outcome_of("nbf_false") == (401, Reason.INVALID_CLAIM)
