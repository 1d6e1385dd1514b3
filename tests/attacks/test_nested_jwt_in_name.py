from collections.abc import Callable

from asgi_jwks import Reason


def test_nested_jwt_in_name(outcome_of: Callable[[str], object]) -> None:
    """D8: claims that are said to be a JWT."""
    assert outcome_of("nested_jwt_in_name") == (401, Reason.UNSUPPORTED_HEADER)
