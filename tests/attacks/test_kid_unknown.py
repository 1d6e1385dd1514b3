from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_unknown(outcome_of: Callable[[str], object]) -> None:
    """D7, E4: a key id that nobody publishes."""
    assert outcome_of("kid_unknown") == (401, Reason.UNKNOWN_KEY)
