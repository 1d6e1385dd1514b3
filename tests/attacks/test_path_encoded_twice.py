from collections.abc import Callable

from asgi_jwks import Reason


def test_path_encoded_twice(outcome_of: Callable[[str], object]) -> None:
    """B11: dot segments, encoded twice."""
    assert outcome_of("path_encoded_twice") == (401, Reason.MISSING_TOKEN)
