from collections.abc import Callable

from asgi_jwks import Reason


def test_dot_look_alike(outcome_of: Callable[[str], object]) -> None:
    """D1: a percent-encoded dot."""
    assert outcome_of("dot_look_alike") == (400, Reason.INVALID_CREDENTIALS)
