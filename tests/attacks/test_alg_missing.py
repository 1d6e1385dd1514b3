from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_missing(outcome_of: Callable[[str], object]) -> None:
    """D3: no alg at all."""
    assert outcome_of("alg_missing") == (401, Reason.ALGORITHM_NOT_ALLOWED)
