from collections.abc import Callable

from asgi_jwks import Reason


def test_alg_none_without_the_last_dot(outcome_of: Callable[[str], object]) -> None:
    """D1, D3: alg none and neither signature nor dot."""
    assert outcome_of("alg_none_without_the_last_dot") == (401, Reason.MALFORMED)
