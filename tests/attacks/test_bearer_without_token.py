from collections.abc import Callable

from asgi_jwks import Reason


def test_bearer_without_token(outcome_of: Callable[[str], object]) -> None:
    """A1, A8: the scheme alone."""
    assert outcome_of("bearer_without_token") == (400, Reason.INVALID_CREDENTIALS)
