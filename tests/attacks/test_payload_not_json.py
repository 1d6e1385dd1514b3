from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_not_json(outcome_of: Callable[[str], object]) -> None:
    """D1: no JSON."""
    assert outcome_of("payload_not_json") == (401, Reason.MALFORMED)
