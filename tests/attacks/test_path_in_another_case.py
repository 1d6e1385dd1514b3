from collections.abc import Callable

from asgi_jwks import Reason


def test_path_in_another_case(outcome_of: Callable[[str], object]) -> None:
    """B11: another case."""
    assert outcome_of("path_in_another_case") == (401, Reason.MISSING_TOKEN)
