from collections.abc import Callable

from asgi_jwks import Reason


def test_invalid_utf8_in_the_field(outcome_of: Callable[[str], object]) -> None:
    """A8: octets that are no text."""
    assert outcome_of("invalid_utf8_in_the_field") == (400, Reason.INVALID_CREDENTIALS)
