from collections.abc import Callable

from asgi_jwks import Reason


def test_key_of_an_encryption_algorithm(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for RSA-OAEP."""
    assert outcome_of("key_of_an_encryption_algorithm") == (401, Reason.UNKNOWN_KEY)
