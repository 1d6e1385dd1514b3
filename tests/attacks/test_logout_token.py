from collections.abc import Callable

from asgi_jwks import Reason


def test_logout_token(outcome_of: Callable[[str], object]) -> None:
    """G8: a logout token without its type."""
    assert outcome_of("logout_token") == (401, Reason.NOT_AN_ACCESS_TOKEN)
