from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_command_injection(outcome_of: Callable[[str], object]) -> None:
    """D7: a piece of shell."""
    assert outcome_of("kid_command_injection") == (401, Reason.UNKNOWN_KEY)
