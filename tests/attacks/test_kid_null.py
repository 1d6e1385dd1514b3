from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_null(outcome_of: Callable[[str], object]) -> None:
    """D7: null."""
    assert outcome_of("kid_null") == (401, Reason.MALFORMED)
