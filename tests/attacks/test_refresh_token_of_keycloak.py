from collections.abc import Callable

from asgi_jwks import Reason


def test_refresh_token_of_keycloak(outcome_of: Callable[[str], object]) -> None:
    """G8: typ Refresh in the payload."""
    assert outcome_of("refresh_token_of_keycloak") == (401, Reason.NOT_AN_ACCESS_TOKEN)
