from collections.abc import Callable

from asgi_jwks import Reason


def test_refresh_token_of_allauth(outcome_of: Callable[[str], object]) -> None:
    """G8: token_use refresh."""
    assert outcome_of("refresh_token_of_allauth") == (401, Reason.NOT_AN_ACCESS_TOKEN)
