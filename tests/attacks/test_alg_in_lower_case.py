from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_in_lower_case(outcome_of: Callable[[str], object]) -> None:
    """D3: alg in another case."""
    assert outcome_of("alg_in_lower_case") == (401, Reason.ALGORITHM_NOT_ALLOWED)
