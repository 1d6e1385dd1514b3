from collections.abc import Callable

from asgi_jwks import Reason


def test_token_without_scheme(outcome_of: Callable[[str], object]) -> None:
    """A1: a good token without a scheme."""
    assert outcome_of("token_without_scheme") == (401, Reason.MISSING_TOKEN)
