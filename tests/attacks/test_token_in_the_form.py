from collections.abc import Callable

from asgi_jwks import Reason


def test_token_in_the_form(outcome_of: Callable[[str], object]) -> None:
    """A5: a good token as access_token in a form."""
    assert outcome_of("token_in_the_form") == (401, Reason.MISSING_TOKEN)
