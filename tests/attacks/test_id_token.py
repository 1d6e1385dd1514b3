from collections.abc import Callable

from asgi_jwks import Reason


def test_id_token(outcome_of: Callable[[str], object]) -> None:
    """G6, G8: an ID token, which is for the client."""
    assert outcome_of("id_token") == (401, Reason.WRONG_AUDIENCE)
