from collections.abc import Callable

from asgi_jwks import Reason


def test_key_type_in_lower_case(outcome_of: Callable[[str], object]) -> None:
    """E1: a key type that does not exist."""
    assert outcome_of("key_type_in_lower_case") == (401, Reason.UNKNOWN_KEY)
