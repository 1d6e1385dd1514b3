from collections.abc import Callable

from asgi_jwks import Reason


def test_id_token_with_s_hash(outcome_of: Callable[[str], object]) -> None:
    """G8: an ID token with s_hash (FAPI)."""
    assert outcome_of("id_token_with_s_hash") == (401, Reason.NOT_AN_ACCESS_TOKEN)
