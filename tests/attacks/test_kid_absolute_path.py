from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_absolute_path(outcome_of: Callable[[str], object]) -> None:
    """D7: the path of a file that everyone knows."""
    assert outcome_of("kid_absolute_path") == (401, Reason.UNKNOWN_KEY)
