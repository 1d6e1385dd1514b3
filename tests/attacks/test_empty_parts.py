from collections.abc import Callable

from asgi_jwks import Reason


def test_empty_parts(outcome_of: Callable[[str], object]) -> None:
    """D1: three parts, all of them empty."""
    assert outcome_of("empty_parts") == (401, Reason.MALFORMED)
