from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_a_longer_name(outcome_of: Callable[[str], object]) -> None:
    """B11: a name that begins like a public one."""
    assert outcome_of("path_with_a_longer_name") == (401, Reason.MISSING_TOKEN)
