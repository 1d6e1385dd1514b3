from collections.abc import Callable

from asgi_jwks import Reason


def test_kid_path_traversal(outcome_of: Callable[[str], object]) -> None:
    """D7: the path of a file."""
    assert outcome_of("kid_path_traversal") == (401, Reason.UNKNOWN_KEY)
