from collections.abc import Callable

from asgi_jwks import Reason


def test_offline_token_of_keycloak(outcome_of: Callable[[str], object]) -> None:
    """G8: typ Offline in the payload."""
    assert outcome_of("offline_token_of_keycloak") == (401, Reason.NOT_AN_ACCESS_TOKEN)
