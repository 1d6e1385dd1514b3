from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_in_utf16(outcome_of: Callable[[str], object]) -> None:
    """D12: UTF-16."""
    assert outcome_of("payload_in_utf16") == (401, Reason.MALFORMED)
