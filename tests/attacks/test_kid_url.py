from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_url(outcome_of: Callable[[str], object]) -> None:
    """D7: the address of the attacker's key."""
    assert outcome_of("kid_url") == (401, Reason.UNKNOWN_KEY)
