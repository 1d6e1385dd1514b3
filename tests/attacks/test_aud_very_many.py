from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_very_many(outcome_of: Callable[[str], object]) -> None:
    """A7, G6: a thousand audiences."""
    assert outcome_of("aud_very_many") == (401, Reason.INVALID_CLAIM)
