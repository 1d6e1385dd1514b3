from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_list(outcome_of: Callable[[str], object]) -> None:
    """D7: a list."""
    assert outcome_of("kid_list") == (401, Reason.MALFORMED)
