from collections.abc import Callable

from asgi_jwks import Reason


def test_empty_fourth_part(outcome_of: Callable[[str], object]) -> None:
    """D1: a dot at the end."""
    assert outcome_of("empty_fourth_part") == (401, Reason.MALFORMED)
