from collections.abc import Callable

from asgi_jwks import Reason


def test_encrypted_token(outcome_of: Callable[[str], object]) -> None:
    """D8: five parts: a JWE."""
    assert outcome_of("encrypted_token") == (401, Reason.MALFORMED)
