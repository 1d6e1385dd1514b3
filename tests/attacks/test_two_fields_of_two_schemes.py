from collections.abc import Callable

from asgi_jwks import Reason


def test_two_fields_of_two_schemes(outcome_of: Callable[[str], object]) -> None:
    """A3: Basic and Bearer."""
    assert outcome_of("two_fields_of_two_schemes") == (400, Reason.REPEATED_CREDENTIALS)
