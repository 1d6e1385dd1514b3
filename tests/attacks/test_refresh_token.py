from collections.abc import Callable

from asgi_jwks import Reason


def test_refresh_token(outcome_of: Callable[[str], object]) -> None:
    """G6, G8: a refresh token."""
    assert outcome_of("refresh_token") == (401, Reason.WRONG_AUDIENCE)
