from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_an_object(outcome_of: Callable[[str], object]) -> None:
    """D3: alg as an object."""
    assert outcome_of("alg_an_object") == (401, Reason.ALGORITHM_NOT_ALLOWED)
