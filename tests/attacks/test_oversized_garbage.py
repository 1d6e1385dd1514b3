from collections.abc import Callable

from asgi_jwks import Reason


def test_oversized_garbage(outcome_of: Callable[[str], object]) -> None:
    """A7, A8: a megabyte of letters."""
    assert outcome_of("oversized_garbage") == (400, Reason.TOKEN_TOO_LARGE)
