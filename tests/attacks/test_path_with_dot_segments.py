from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_dot_segments(outcome_of: Callable[[str], object]) -> None:
    """B11: up and out of a public prefix."""
    assert outcome_of("path_with_dot_segments") == (401, Reason.MISSING_TOKEN)
