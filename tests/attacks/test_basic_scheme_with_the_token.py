from collections.abc import Callable

from asgi_jwks import Reason


def test_basic_scheme_with_the_token(outcome_of: Callable[[str], object]) -> None:
    """A9: a good token as the password of Basic."""
    assert outcome_of("basic_scheme_with_the_token") == (401, Reason.MISSING_TOKEN)
