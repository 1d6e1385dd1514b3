from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_overlong_utf8(outcome_of: Callable[[str], object]) -> None:
    """D12: overlong UTF-8."""
    assert outcome_of("payload_with_overlong_utf8") == (401, Reason.MALFORMED)
