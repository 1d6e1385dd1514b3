from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_leading_zero(outcome_of: Callable[[str], object]) -> None:
    """D10: an octal number."""
    assert outcome_of("payload_with_leading_zero") == (401, Reason.MALFORMED)
