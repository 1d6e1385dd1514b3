from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_a_slash_at_the_end(outcome_of: Callable[[str], object]) -> None:
    """B11: a slash at the end."""
    assert outcome_of("path_with_a_slash_at_the_end") == (401, Reason.MISSING_TOKEN)
