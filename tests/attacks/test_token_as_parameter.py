from collections.abc import Callable

from asgi_jwks import Reason


def test_token_as_parameter(outcome_of: Callable[[str], object]) -> None:
    """A1: a good token as an auth-param."""
    assert outcome_of("token_as_parameter") == (400, Reason.INVALID_CREDENTIALS)
