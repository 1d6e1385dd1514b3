from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_number(outcome_of: Callable[[str], object]) -> None:
    """D7: a number."""
    assert outcome_of("kid_number") == (401, Reason.MALFORMED)
