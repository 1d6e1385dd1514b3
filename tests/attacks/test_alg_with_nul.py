from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_with_nul(outcome_of: Callable[[str], object]) -> None:
    """D3: a NUL after alg."""
    assert outcome_of("alg_with_nul") == (401, Reason.ALGORITHM_NOT_ALLOWED)
