from collections.abc import Callable

from asgi_jwks import Reason


def test_dpop_bound_token(outcome_of: Callable[[str], object]) -> None:
    """G12: a token bound to a key, as Bearer."""
    assert outcome_of("dpop_bound_token") == (401, Reason.SENDER_CONSTRAINED)
