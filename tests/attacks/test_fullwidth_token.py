from collections.abc import Callable

from asgi_jwks import Reason


def test_fullwidth_token(outcome_of: Callable[[str], object]) -> None:
    """A1, A8: characters that Unicode normalisation would turn into a token."""
    assert outcome_of("fullwidth_token") == (400, Reason.INVALID_CREDENTIALS)
