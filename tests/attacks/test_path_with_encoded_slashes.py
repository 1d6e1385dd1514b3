from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_encoded_slashes(outcome_of: Callable[[str], object]) -> None:
    """B11: encoded slashes."""
    assert outcome_of("path_with_encoded_slashes") == (401, Reason.MISSING_TOKEN)
