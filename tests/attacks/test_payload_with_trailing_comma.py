from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_trailing_comma(outcome_of: Callable[[str], object]) -> None:
    """D1: a comma at the end."""
    assert outcome_of("payload_with_trailing_comma") == (401, Reason.MALFORMED)
