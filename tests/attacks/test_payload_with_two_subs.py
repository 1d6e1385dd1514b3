from collections.abc import Callable

from asgi_jwks import Reason


def test_payload_with_two_subs(outcome_of: Callable[[str], object]) -> None:
    """D2: two subjects."""
    assert outcome_of("payload_with_two_subs") == (401, Reason.MALFORMED)
