from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_with_a_space(outcome_of: Callable[[str], object]) -> None:
    """D3: a space after alg."""
    assert outcome_of("alg_with_a_space") == (401, Reason.ALGORITHM_NOT_ALLOWED)
