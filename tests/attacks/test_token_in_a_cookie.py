from collections.abc import Callable

from asgi_jwks import Reason


def test_token_in_a_cookie(outcome_of: Callable[[str], object]) -> None:
    """A5: a good token in cookies of likely names."""
    assert outcome_of("token_in_a_cookie") == (401, Reason.MISSING_TOKEN)
