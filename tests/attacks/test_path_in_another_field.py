from collections.abc import Callable

from asgi_jwks import Reason


def test_path_in_another_field(outcome_of: Callable[[str], object]) -> None:
    """B11: a field that makes some frameworks see another path."""
    assert outcome_of("path_in_another_field") == (401, Reason.MISSING_TOKEN)
