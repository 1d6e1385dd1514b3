from collections.abc import Callable

from asgi_jwks import Reason


def test_hmac_with_a_common_secret(outcome_of: Callable[[str], object]) -> None:
    """D3: HMAC, the secret of tutorials."""
    assert outcome_of("hmac_with_a_common_secret") == (401, Reason.ALGORITHM_NOT_ALLOWED)
