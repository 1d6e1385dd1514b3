from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_empty(outcome_of: Callable[[str], object]) -> None:
    """G6: an empty audience."""
    assert outcome_of("aud_empty") == (401, Reason.WRONG_AUDIENCE)
