from collections.abc import Callable

from asgi_jwks import Reason


def test_nested_jwt(outcome_of: Callable[[str], object]) -> None:
    """D8: a JWT inside a JWT."""
    assert outcome_of("nested_jwt") == (401, Reason.UNSUPPORTED_HEADER)
