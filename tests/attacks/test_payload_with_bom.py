from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_bom(outcome_of: Callable[[str], object]) -> None:
    """D1: a byte order mark."""
    assert outcome_of("payload_with_bom") == (401, Reason.MALFORMED)
