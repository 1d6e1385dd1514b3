from collections.abc import Callable

from asgi_jwks import Reason


def test_bearer_field_before_basic(outcome_of: Callable[[str], object]) -> None:
    """A3: Bearer and Basic."""
    assert outcome_of("bearer_field_before_basic") == (400, Reason.REPEATED_CREDENTIALS)
