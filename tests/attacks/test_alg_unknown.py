from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_unknown(outcome_of: Callable[[str], object]) -> None:
    """D3: an algorithm that does not exist."""
    assert outcome_of("alg_unknown") == (401, Reason.ALGORITHM_NOT_ALLOWED)
