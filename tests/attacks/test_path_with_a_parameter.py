from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_a_parameter(outcome_of: Callable[[str], object]) -> None:
    """B11: a path parameter, as Java servers cut off."""
    assert outcome_of("path_with_a_parameter") == (401, Reason.MISSING_TOKEN)
