from collections.abc import Callable

from asgi_jwks import Reason


def test_symmetric_key_under_rs256(outcome_of: Callable[[str], object]) -> None:
    """D4: a secret's key id under RS256."""
    assert outcome_of("symmetric_key_under_rs256") == (401, Reason.UNKNOWN_KEY)
