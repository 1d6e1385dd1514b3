from collections.abc import Callable

from asgi_jwks import Reason


def test_key_of_alg_none(outcome_of: Callable[[str], object]) -> None:
    """E2: a key for alg none."""
    assert outcome_of("key_of_alg_none") == (401, Reason.UNKNOWN_KEY)
