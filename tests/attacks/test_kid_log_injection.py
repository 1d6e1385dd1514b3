from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_log_injection(outcome_of: Callable[[str], object]) -> None:
    """D7: line breaks and terminal escapes."""
    assert outcome_of("kid_log_injection") == (401, Reason.UNKNOWN_KEY)
