from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_huge_integer(outcome_of: Callable[[str], object]) -> None:
    """D10: 5,000 digits."""
    assert outcome_of("payload_with_huge_integer") == (401, Reason.MALFORMED)
