from collections.abc import Callable

from asgi_jwks import Reason


def test_expired_a_minute_ago(outcome_of: Callable[[str], object]) -> None:
    """G2: beyond the leeway."""
    assert outcome_of("expired_a_minute_ago") == (401, Reason.EXPIRED)
