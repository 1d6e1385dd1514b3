from collections.abc import Callable

from asgi_jwks import Reason


def test_percent_encoded_token(outcome_of: Callable[[str], object]) -> None:
    """A1: a good token, percent-encoded."""
    assert outcome_of("percent_encoded_token") == (400, Reason.INVALID_CREDENTIALS)
