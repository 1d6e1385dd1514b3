from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_look_alike(outcome_of: Callable[[str], object]) -> None:
    """D3: a letter that looks like another."""
    assert outcome_of("alg_look_alike") == (401, Reason.ALGORITHM_NOT_ALLOWED)
