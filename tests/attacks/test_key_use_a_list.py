from collections.abc import Callable

from asgi_jwks import Reason


def test_key_use_a_list(outcome_of: Callable[[str], object]) -> None:
    """E2: a use that is no string."""
    assert outcome_of("key_use_a_list") == (401, Reason.UNKNOWN_KEY)
