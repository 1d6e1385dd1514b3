from collections.abc import Callable

from asgi_jwks import Reason


def test_unknown_method(outcome_of: Callable[[str], object]) -> None:
    """A8: a method that nobody knows."""
    assert outcome_of("unknown_method") == (401, Reason.MISSING_TOKEN)
