from collections.abc import Callable

from asgi_jwks import Reason


def test_key_ops_against_use(outcome_of: Callable[[str], object]) -> None:
    """E2: operations that contradict the use."""
    assert outcome_of("key_ops_against_use") == (401, Reason.UNKNOWN_KEY)
