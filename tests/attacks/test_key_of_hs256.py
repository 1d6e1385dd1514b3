from collections.abc import Callable

from asgi_jwks import Reason


def test_key_of_hs256(outcome_of: Callable[[str], object]) -> None:
    """D4, E2: an RSA key for HS256, under RS256."""
    assert outcome_of("key_of_hs256") == (401, Reason.UNKNOWN_KEY)
