from collections.abc import Callable

from asgi_jwks import Reason


def test_padding_at_the_end(outcome_of: Callable[[str], object]) -> None:
    """D1: padded base64url."""
    assert outcome_of("padding_at_the_end") == (401, Reason.MALFORMED)
