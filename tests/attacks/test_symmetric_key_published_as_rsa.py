from collections.abc import Callable

from asgi_jwks import Reason


def test_symmetric_key_published_as_rsa(outcome_of: Callable[[str], object]) -> None:
    """D4: HMAC with a secret inside an RSA key of the JWK Set."""
    assert outcome_of("symmetric_key_published_as_rsa") == (401, Reason.ALGORITHM_NOT_ALLOWED)
