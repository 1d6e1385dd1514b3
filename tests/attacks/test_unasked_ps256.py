from collections.abc import Callable

from asgi_jwks import Reason


def test_unasked_ps256(outcome_of: Callable[[str], object]) -> None:
    """D3: PS256 by the issuer's own RSA key, where it is not on the allow-list."""
    assert outcome_of("unasked_ps256") == (401, Reason.ALGORITHM_NOT_ALLOWED)
