from collections.abc import Callable

from asgi_jwks import Reason


def test_hmac_with_the_modulus(outcome_of: Callable[[str], object]) -> None:
    """D4: HMAC with the modulus of a published key, which names HS256 as its algorithm."""
    assert outcome_of("hmac_with_the_modulus") == (401, Reason.ALGORITHM_NOT_ALLOWED)
