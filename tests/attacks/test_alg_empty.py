from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_empty(outcome_of: Callable[[str], object]) -> None:
    """D3: an empty alg."""
    assert outcome_of("alg_empty") == (401, Reason.ALGORITHM_NOT_ALLOWED)
