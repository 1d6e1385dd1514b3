from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_backslashes(outcome_of: Callable[[str], object]) -> None:
    """B11: backslashes."""
    assert outcome_of("path_with_backslashes") == (401, Reason.MISSING_TOKEN)
