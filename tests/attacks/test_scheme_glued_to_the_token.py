from collections.abc import Callable

from asgi_jwks import Reason


def test_scheme_glued_to_the_token(outcome_of: Callable[[str], object]) -> None:
    """A1: no space after the scheme."""
    assert outcome_of("scheme_glued_to_the_token") == (401, Reason.MISSING_TOKEN)
