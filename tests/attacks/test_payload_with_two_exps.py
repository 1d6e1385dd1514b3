from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_two_exps(outcome_of: Callable[[str], object]) -> None:
    """D2: two ends."""
    assert outcome_of("payload_with_two_exps") == (401, Reason.MALFORMED)
