from collections.abc import Callable

from asgi_jwks import Reason


def test_unasked_rs512(outcome_of: Callable[[str], object]) -> None:
    """D3: RS512 by the issuer's own RSA key, where it is not on the allow-list."""
    assert outcome_of("unasked_rs512") == (401, Reason.ALGORITHM_NOT_ALLOWED)
