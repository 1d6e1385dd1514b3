from collections.abc import Callable

from asgi_jwks import Reason


def test_rsa_key_as_elliptic_one(outcome_of: Callable[[str], object]) -> None:
    """D4, E1: an RSA key as EC, under RS256."""
    assert outcome_of("rsa_key_as_elliptic_one") == (401, Reason.UNKNOWN_KEY)
