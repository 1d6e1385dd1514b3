from collections.abc import Callable

from asgi_jwks import Reason


def test_id_token_of_keycloak(outcome_of: Callable[[str], object]) -> None:
    """G8: typ ID in the payload."""
    assert outcome_of("id_token_of_keycloak") == (401, Reason.NOT_AN_ACCESS_TOKEN)
