from collections.abc import Callable

from asgi_jwks import Reason


def test_elliptic_key_under_rs256(outcome_of: Callable[[str], object]) -> None:
    """D4, E2: an elliptic key's id under RS256."""
    assert outcome_of("elliptic_key_under_rs256") == (401, Reason.UNKNOWN_KEY)
