from collections.abc import Callable

from asgi_jwks import Reason


def test_path_below_a_public_one(outcome_of: Callable[[str], object]) -> None:
    """B11: a path below one that is public."""
    assert outcome_of("path_below_a_public_one") == (401, Reason.MISSING_TOKEN)
