from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_two_auds(outcome_of: Callable[[str], object]) -> None:
    """D2: two audiences."""
    assert outcome_of("payload_with_two_auds") == (401, Reason.MALFORMED)
