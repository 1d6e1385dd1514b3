from collections.abc import Callable

from asgi_jwks import Reason


def test_nul_in_the_token(outcome_of: Callable[[str], object]) -> None:
    """A1, A8: a NUL after a good token, for readers that stop there."""
    assert outcome_of("nul_in_the_token") == (400, Reason.INVALID_CREDENTIALS)
