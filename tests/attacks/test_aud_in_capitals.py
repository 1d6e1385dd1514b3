from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_in_capitals(outcome_of: Callable[[str], object]) -> None:
    """G6: another case."""
    assert outcome_of("aud_in_capitals") == (401, Reason.WRONG_AUDIENCE)
