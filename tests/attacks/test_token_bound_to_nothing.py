from collections.abc import Callable

from asgi_jwks import Reason


def test_token_bound_to_nothing(outcome_of: Callable[[str], object]) -> None:
    """G12: an empty confirmation."""
    assert outcome_of("token_bound_to_nothing") == (401, Reason.SENDER_CONSTRAINED)
