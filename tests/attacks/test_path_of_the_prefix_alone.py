from collections.abc import Callable

from asgi_jwks import Reason


def test_path_of_the_prefix_alone(outcome_of: Callable[[str], object]) -> None:
    """B11: a public prefix without anything below it."""
    assert outcome_of("path_of_the_prefix_alone") == (401, Reason.MISSING_TOKEN)
