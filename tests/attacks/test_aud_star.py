from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_star(outcome_of: Callable[[str], object]) -> None:
    """G6: any audience."""
    assert outcome_of("aud_star") == (401, Reason.WRONG_AUDIENCE)
