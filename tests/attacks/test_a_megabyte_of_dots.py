from collections.abc import Callable

from asgi_jwks import Reason


def test_a_megabyte_of_dots(outcome_of: Callable[[str], object]) -> None:
    """A7, A8: a million empty parts."""
    assert outcome_of("a_megabyte_of_dots") == (400, Reason.TOKEN_TOO_LARGE)
