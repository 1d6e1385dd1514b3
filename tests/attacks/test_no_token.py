from collections.abc import Callable

from asgi_jwks import Reason


def test_no_token(outcome_of: Callable[[str], object]) -> None:
    """A6, B1, B2: no credentials at all."""
    assert outcome_of("no_token") == (401, Reason.MISSING_TOKEN)
