from collections.abc import Callable

from asgi_jwks import Reason


def test_joined_with_basic(outcome_of: Callable[[str], object]) -> None:
    """A3, A9: Basic and Bearer joined."""
    assert outcome_of("joined_with_basic") == (401, Reason.MISSING_TOKEN)
