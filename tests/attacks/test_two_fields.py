from collections.abc import Callable

from asgi_jwks import Reason


def test_two_fields(outcome_of: Callable[[str], object]) -> None:
    """A3: two Authorization fields with good tokens."""
    assert outcome_of("two_fields") == (400, Reason.REPEATED_CREDENTIALS)
