from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_null(outcome_of: Callable[[str], object]) -> None:
    """D3: alg null."""
    assert outcome_of("alg_null") == (401, Reason.ALGORITHM_NOT_ALLOWED)
