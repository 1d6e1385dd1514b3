from collections.abc import Callable

from asgi_jwks import Reason


def test_token_bound_in_an_unknown_way(outcome_of: Callable[[str], object]) -> None:
    """G12: another method of RFC 7800."""
    assert outcome_of("token_bound_in_an_unknown_way") == (401, Reason.SENDER_CONSTRAINED)
