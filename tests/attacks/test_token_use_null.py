from collections.abc import Callable

from asgi_jwks import Reason


def test_token_use_null(outcome_of: Callable[[str], object]) -> None:
    """G8: token_use null."""
    assert outcome_of("token_use_null") == (401, Reason.NOT_AN_ACCESS_TOKEN)
