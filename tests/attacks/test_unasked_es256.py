from collections.abc import Callable

from asgi_jwks import Reason


def test_unasked_es256(outcome_of: Callable[[str], object]) -> None:
    """D3: ES256 by a key that the issuer publishes, where it is not on the allow-list."""
    assert outcome_of("unasked_es256") == (401, Reason.ALGORITHM_NOT_ALLOWED)
