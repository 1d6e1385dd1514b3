from collections.abc import Callable

from asgi_jwks import Reason


def test_impossible_length(outcome_of: Callable[[str], object]) -> None:
    """D1: a segment of a length that base64 does not have."""
    assert outcome_of("impossible_length") == (401, Reason.MALFORMED)
