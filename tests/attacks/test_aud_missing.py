from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_missing(outcome_of: Callable[[str], object]) -> None:
    """G6: no aud."""
    assert outcome_of("aud_missing") == (401, Reason.MISSING_CLAIM)
