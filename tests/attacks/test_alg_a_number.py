from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_a_number(outcome_of: Callable[[str], object]) -> None:
    """D3: alg 256."""
    assert outcome_of("alg_a_number") == (401, Reason.ALGORITHM_NOT_ALLOWED)
