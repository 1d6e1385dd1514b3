from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_of_somebody_else(outcome_of: Callable[[str], object]) -> None:
    """G6: another API."""
    assert outcome_of("aud_of_somebody_else") == (401, Reason.WRONG_AUDIENCE)
