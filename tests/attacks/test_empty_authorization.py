from collections.abc import Callable

from asgi_jwks import Reason


def test_empty_authorization(outcome_of: Callable[[str], object]) -> None:
    """A1, A8: an empty Authorization field."""
    assert outcome_of("empty_authorization") == (401, Reason.MISSING_TOKEN)
