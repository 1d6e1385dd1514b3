from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_joined(outcome_of: Callable[[str], object]) -> None:
    """G6: two audiences in one string."""
    assert outcome_of("aud_joined") == (401, Reason.WRONG_AUDIENCE)
