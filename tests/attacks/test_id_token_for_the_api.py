from collections.abc import Callable

from asgi_jwks import Reason


def test_id_token_for_the_api(outcome_of: Callable[[str], object]) -> None:
    """G8: an ID token of an issuer that names the API as its audience."""
    assert outcome_of("id_token_for_the_api") == (401, Reason.NOT_AN_ACCESS_TOKEN)
