from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_a_list(outcome_of: Callable[[str], object]) -> None:
    """D3: alg as a list."""
    assert outcome_of("alg_a_list") == (401, Reason.ALGORITHM_NOT_ALLOWED)
