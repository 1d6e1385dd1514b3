from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_very_long(outcome_of: Callable[[str], object]) -> None:
    """D7: 4,000 letters."""
    assert outcome_of("kid_very_long") == (401, Reason.MALFORMED)
