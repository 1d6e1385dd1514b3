from collections.abc import Callable

from asgi_jwks import Reason


def test_quoted_token(outcome_of: Callable[[str], object]) -> None:
    """A1: a good token in quotes."""
    assert outcome_of("quoted_token") == (400, Reason.INVALID_CREDENTIALS)
