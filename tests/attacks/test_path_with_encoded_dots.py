from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_encoded_dots(outcome_of: Callable[[str], object]) -> None:
    """B11: encoded dot segments."""
    assert outcome_of("path_with_encoded_dots") == (401, Reason.MISSING_TOKEN)
