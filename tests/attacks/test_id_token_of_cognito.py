from collections.abc import Callable

from asgi_jwks import Reason


def test_id_token_of_cognito(outcome_of: Callable[[str], object]) -> None:
    """G8: token_use id."""
    assert outcome_of("id_token_of_cognito") == (401, Reason.NOT_AN_ACCESS_TOKEN)
