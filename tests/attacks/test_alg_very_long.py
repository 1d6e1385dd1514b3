from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_very_long(outcome_of: Callable[[str], object]) -> None:
    """D3: an alg of 4,000 letters."""
    assert outcome_of("alg_very_long") == (401, Reason.ALGORITHM_NOT_ALLOWED)
