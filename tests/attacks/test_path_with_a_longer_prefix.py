from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_a_longer_prefix(outcome_of: Callable[[str], object]) -> None:
    """B11: a name that begins like a prefix."""
    assert outcome_of("path_with_a_longer_prefix") == (401, Reason.MISSING_TOKEN)
