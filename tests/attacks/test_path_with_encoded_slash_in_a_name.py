from collections.abc import Callable

from asgi_jwks import Reason


def test_path_with_encoded_slash_in_a_name(outcome_of: Callable[[str], object]) -> None:
    """B11: one encoded slash."""
    assert outcome_of("path_with_encoded_slash_in_a_name") == (401, Reason.MISSING_TOKEN)
