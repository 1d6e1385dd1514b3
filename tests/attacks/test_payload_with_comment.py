from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_comment(outcome_of: Callable[[str], object]) -> None:
    """D1: a comment."""
    assert outcome_of("payload_with_comment") == (401, Reason.MALFORMED)
