from collections.abc import Callable

from asgi_jwks import Reason


def test_header_with_two_kids(outcome_of: Callable[[str], object]) -> None:
    """D2: two key ids."""
    assert outcome_of("header_with_two_kids") == (401, Reason.MALFORMED)
