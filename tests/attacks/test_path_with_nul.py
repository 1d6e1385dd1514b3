from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_nul(outcome_of: Callable[[str], object]) -> None:
    """B11: a NUL, where C stops reading."""
    assert outcome_of("path_with_nul") == (401, Reason.MISSING_TOKEN)
