from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_none_in_mixed_case(outcome_of: Callable[[str], object]) -> None:
    """D3: alg 'nOnE' over an old signature."""
    assert outcome_of("alg_none_in_mixed_case") == (401, Reason.ALGORITHM_NOT_ALLOWED)
