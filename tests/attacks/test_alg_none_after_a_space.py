from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_none_after_a_space(outcome_of: Callable[[str], object]) -> None:
    """D3: alg ' none' over an old signature."""
    assert outcome_of("alg_none_after_a_space") == (401, Reason.ALGORITHM_NOT_ALLOWED)
