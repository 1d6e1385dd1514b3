from collections.abc import Callable

from asgi_jwks import Reason


def test_empty_first_part(outcome_of: Callable[[str], object]) -> None:
    """D1: a dot at the beginning."""
    assert outcome_of("empty_first_part") == (401, Reason.MALFORMED)
