from collections.abc import Callable

from asgi_jwks import Reason


def test_padding_in_the_middle(outcome_of: Callable[[str], object]) -> None:
    """D1: a padded header."""
    assert outcome_of("padding_in_the_middle") == (400, Reason.INVALID_CREDENTIALS)
