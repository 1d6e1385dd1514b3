from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_lone_surrogate(outcome_of: Callable[[str], object]) -> None:
    """D7, D10: half a character."""
    assert outcome_of("kid_lone_surrogate") == (401, Reason.MALFORMED)
