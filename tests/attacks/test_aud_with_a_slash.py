from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_with_a_slash(outcome_of: Callable[[str], object]) -> None:
    """G6: a slash at the end."""
    assert outcome_of("aud_with_a_slash") == (401, Reason.WRONG_AUDIENCE)
