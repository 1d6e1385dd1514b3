from collections.abc import Callable

from asgi_jwks import Reason


def test_b64_true(outcome_of: Callable[[str], object]) -> None:
    """D5: RFC 7797's default, spelt out."""
    assert outcome_of("b64_true") == (401, Reason.UNSUPPORTED_HEADER)
