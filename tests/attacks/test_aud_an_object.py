from collections.abc import Callable

from asgi_jwks import Reason


def test_aud_an_object(outcome_of: Callable[[str], object]) -> None:
    """G6: an object."""
    assert outcome_of("aud_an_object") == (401, Reason.INVALID_CLAIM)
