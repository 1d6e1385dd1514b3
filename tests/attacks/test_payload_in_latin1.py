from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_in_latin1(outcome_of: Callable[[str], object]) -> None:
    """D12: invalid UTF-8."""
    assert outcome_of("payload_in_latin1") == (401, Reason.MALFORMED)
