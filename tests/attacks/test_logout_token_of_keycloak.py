from collections.abc import Callable

from asgi_jwks import Reason


def test_logout_token_of_keycloak(outcome_of: Callable[[str], object]) -> None:
    """G8: typ Logout in the payload."""
    assert outcome_of("logout_token_of_keycloak") == (401, Reason.NOT_AN_ACCESS_TOKEN)
