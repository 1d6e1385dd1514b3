from collections.abc import Callable

from asgi_jwks import Reason


def test_key_type_missing(outcome_of: Callable[[str], object]) -> None:
    """E1: no key type."""
    assert outcome_of("key_type_missing") == (401, Reason.UNKNOWN_KEY)
