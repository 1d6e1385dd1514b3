from collections.abc import Callable

from asgi_jwks import Reason


def test_zip_deflate(outcome_of: Callable[[str], object]) -> None:
    """D5: a payload that is said to be compressed."""
    assert outcome_of("zip_deflate") == (401, Reason.UNSUPPORTED_HEADER)
