from collections.abc import Callable

from asgi_jwks import Reason


def test_expired(outcome_of: Callable[[str], object]) -> None:
    """G2: a token of yesterday."""
    assert outcome_of("expired") == (401, Reason.EXPIRED)
