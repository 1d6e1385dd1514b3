from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_a_dot_segment(outcome_of: Callable[[str], object]) -> None:
    """B11: a single dot below a public prefix."""
    assert outcome_of("path_with_a_dot_segment") == (401, Reason.MISSING_TOKEN)
