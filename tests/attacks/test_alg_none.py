from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_none(outcome_of: Callable[[str], object]) -> None:
    """D3: alg none and no signature."""
    assert outcome_of("alg_none") == (401, Reason.ALGORITHM_NOT_ALLOWED)
