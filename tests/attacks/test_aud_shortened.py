from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_shortened(outcome_of: Callable[[str], object]) -> None:
    """G6: a prefix."""
    assert outcome_of("aud_shortened") == (401, Reason.WRONG_AUDIENCE)
