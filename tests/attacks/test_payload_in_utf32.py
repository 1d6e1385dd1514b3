from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_in_utf32(outcome_of: Callable[[str], object]) -> None:
    """D12: UTF-32."""
    assert outcome_of("payload_in_utf32") == (401, Reason.MALFORMED)
