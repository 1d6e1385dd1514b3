from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_empty(outcome_of: Callable[[str], object]) -> None:
    """D7: an empty key id."""
    assert outcome_of("kid_empty") == (401, Reason.UNKNOWN_KEY)
